"""What scikit-learn reaches on the parts that the example `table_rivals` wrote.

python table_rivals.py FOLDER
"""

import sys
import time

import numpy as np
from sklearn import metrics
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

folder = sys.argv[1]
header = open(f"{folder}/train.csv").readline().strip().split(",")[:-1]
categories = [place for place, name in enumerate(header) if name.startswith("category")]
numbers = [place for place, name in enumerate(header) if name.startswith("number")]


def part(name):
    table = np.genfromtxt(f"{folder}/{name}.csv", delimiter=",", skip_header=1)
    return table[:, :-1], table[:, -1]


(x, y), (other, truth) = part("train"), part("valid")
is_classes = np.all(y == y.astype(int)) and len(np.unique(y)) <= 60 and "--values" not in sys.argv

encode = ColumnTransformer(
    [
        ("numbers", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), numbers),
        (
            "categories",
            make_pipeline(
                SimpleImputer(strategy="constant", fill_value=-1),
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            ),
            categories,
        ),
    ]
)
# Categories of HistGradientBoosting are at most 255 small codes.
trees_of = (
    (HistGradientBoostingClassifier if is_classes else HistGradientBoostingRegressor)
)
counts = {"n_neighbors": [1, 3, 5, 7, 10, 15, 20, 30, 50]}
rivals = {
    "HistGradientBoosting": trees_of(categorical_features=categories, random_state=0),
    "HistGradientBoosting, stopped early": trees_of(
        categorical_features=categories, random_state=0, early_stopping=True,
        max_iter=1000, n_iter_no_change=25, learning_rate=0.05,
    ),
    "linear": make_pipeline(
        encode,
        LogisticRegressionCV(
            Cs=np.logspace(-3, 3, 7), scoring="neg_log_loss", max_iter=5000,
            l1_ratios=(0,), use_legacy_attributes=False,
        )
        if is_classes
        else RidgeCV(np.logspace(-3, 3, 10)),
    ),
    "nearest neighbours": make_pipeline(
        encode,
        GridSearchCV(KNeighborsClassifier() if is_classes else KNeighborsRegressor(), counts),
    ),
}
for name, rival in rivals.items():
    start = time.time()
    rival.fit(x, y)
    predicted = rival.predict(other)
    seconds = time.time() - start
    line = f"{name:<36} {seconds:6.2f} s"
    if is_classes:
        loss = metrics.log_loss(truth, rival.predict_proba(other), labels=np.unique(y))
        line += f"  accuracy {metrics.accuracy_score(truth, predicted):.4f}  log-loss {loss:.4f}"
    else:
        error = metrics.mean_squared_error(truth, predicted) ** 0.5
        line += f"  rmse {error:.4f}  r2 {metrics.r2_score(truth, predicted):.4f}"
    print(line)
