//! What a network is trained for: which samples it takes, and what it answers.

use super::Part;
use super::modality::{self, Images, Modality, Table};
use crate::task::{self, Classification, Regression, Task};
use netsmith::network::Shape;
use netsmith::space;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What a network is trained for, with all that was learnt from the training part
/// before: it turns raw samples into inputs, and outputs into answers.
///
/// # Example
/// ```
/// use netsmith_nn::data::{self, Contract, LoadOptions, SplitOptions};
///
/// let digits = data::load(&"digits".parse()?, &LoadOptions::default())?;
/// let (search, _test) = digits.split(&SplitOptions::default())?;
/// let contract = Contract::fit(&search.train());
/// assert_eq!(contract.task.name(), "classification");
/// assert_eq!(contract.modality.raw_shape(), [1, 8, 8]);
/// let text = serde_json::to_string(&contract)?;
/// assert_eq!(serde_json::from_str::<Contract>(&text)?, contract);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Contract {
    /// What reads samples.
    pub modality: Arc<dyn Modality>,
    /// What reads targets and answers.
    pub task: Arc<dyn Task>,
}

impl Contract {
    /// Learns from a part, which must be the training part.
    pub fn fit(train: &Part) -> Self {
        Self {
            modality: train.modality().fit(train),
            task: train.task().fit(train),
        }
    }

    /// For networks without data: raw samples of the shape of the input, and numbered
    /// classes, or a value where there is one output.
    pub fn without_data(input: Shape, outputs: usize) -> Self {
        let modality: Arc<dyn Modality> = match input {
            Shape::Image {
                channels,
                height,
                width,
            } => Arc::new(Images::identity([channels, height, width])),
            Shape::Vector { features } => Arc::new(Table::numbers(features)),
        };
        let task: Arc<dyn Task> = match outputs {
            1 => Regression::targets("value", Vec::new()).task,
            _ => Arc::new(Classification::numbered(outputs)),
        };
        Self { modality, task }
    }

    /// What a space must serve.
    pub fn space_task(&self) -> space::Task {
        let inputs = self.modality.inputs();
        space::Task {
            head: self.task.head(&inputs),
            inputs,
        }
    }

    /// The length of the vector that is answered for a sample or a position: the number
    /// of classes, or one.
    pub fn outputs(&self) -> usize {
        self.space_task().head.values()
    }

    /// The inputs of a batch of raw samples.
    ///
    /// # Shapes
    /// `raw` is `[samples, raw shape]`; each input is `[samples, shape of the input]`.
    ///
    /// # Panics
    /// When `raw` is not a whole number of samples.
    pub fn inputs(&self, raw: &[f32]) -> Vec<Vec<f32>> {
        let size: usize = self.modality.raw_shape().iter().product();
        assert!(raw.len().is_multiple_of(size), "a batch is whole samples");
        let mut inputs = vec![Vec::new(); self.modality.inputs().len()];
        self.modality.normalize(raw, &mut inputs);
        inputs
    }
}

impl PartialEq for Contract {
    fn eq(&self, other: &Self) -> bool {
        json!(self) == json!(other)
    }
}

impl Serialize for Contract {
    /// `{"modality": {NAME: RECORD}, "task": {NAME: RECORD}}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named =
            |name: &str, record: Value| Value::Object(Map::from_iter([(name.into(), record)]));
        json!({
            "modality": named(self.modality.name(), self.modality.record()),
            "task": named(self.task.name(), self.task.record()),
        })
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Contract {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Named {
            modality: Map<String, Value>,
            task: Map<String, Value>,
        }
        let Named { modality, task } = Named::deserialize(deserializer)?;
        let (name, record) = only::<D>(modality)?;
        let entry = modality::CATALOGUE.iter().find(|entry| entry.name == name);
        let entry = entry.ok_or_else(|| D::Error::custom(format!("no modality `{name}`")))?;
        let modality = (entry.build)(record).map_err(D::Error::custom)?;
        let (name, record) = only::<D>(task)?;
        let entry = task::CATALOGUE.iter().find(|entry| entry.name == name);
        let entry = entry.ok_or_else(|| D::Error::custom(format!("no task `{name}`")))?;
        let task = (entry.build)(record).map_err(D::Error::custom)?;
        Ok(Self { modality, task })
    }
}

/// The only entry of a map.
fn only<'de, D: Deserializer<'de>>(map: Map<String, Value>) -> Result<(String, Value), D::Error> {
    let mut entries = map.into_iter();
    match (entries.next(), entries.next()) {
        (Some(entry), None) => Ok(entry),
        _ => Err(D::Error::custom("one name with its record is needed")),
    }
}
