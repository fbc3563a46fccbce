//! Series go from a file to batches, and new ones are read back.

use netsmith::network::Shape;
use netsmith_nn::data::{self, Batches, Contract, LoadOptions, SplitOptions};
use std::fs;

const TRAIN: &str = "@classLabel true up down\n@data\n\
    1,2,3,4:9,9,9,9:up\n4,3,2:9,9,9:down\n2,3:9,9:up\n3,1,?,0:9,9,9,9:down\n\
    1,4,5:9,9,9:up\n5,1,0,0:9,9,9,9:down\n";
const TEST: &str = "@classLabel true up down\n@data\n0,1,2,3,4,5:9,9,9,9,9,9:up\n3,2:9,9:down\n";

#[test]
fn the_published_split_of_unequal_series_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Ways_TRAIN.ts"), TRAIN).unwrap();
    fs::write(folder.path().join("Ways_TEST.ts"), TEST).unwrap();
    let source = format!("series:{}", folder.path().display());
    let loaded = data::load(&source.parse().unwrap(), &LoadOptions::default()).unwrap();
    assert_eq!(loaded.targets().task.strata_names(), ["up", "down"]);
    let options = SplitOptions {
        valid: Some(0.34),
        ..SplitOptions::default()
    };
    let (search, test) = loaded.split(&options).unwrap();
    assert_eq!(test.indices(), [6, 7]);
    let train = search.train();
    assert_eq!((train.len(), search.valid().len()), (4, 2));
    let contract = Contract::fit(&train);
    // Two channels and the mask, as long as the longest series.
    assert_eq!(contract.space_task().input(), Shape::sequence(3, 6));
    let batch = Batches::new(&train, 4)
        .normalized(&contract)
        .next()
        .unwrap();
    for sample in batch.inputs[0].chunks_exact(18) {
        let (values, mask) = sample.split_at(12);
        let masked = values[..6]
            .iter()
            .zip(mask)
            .filter(|(_, mask)| **mask < 0.5);
        assert!(
            masked.into_iter().all(|(value, _)| *value == 0.0),
            "{sample:?}"
        );
        assert!(mask.contains(&1.0));
    }
}

#[test]
fn new_series_are_read_in_the_form_of_the_training_data() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Ways_TRAIN.ts");
    fs::write(&path, TRAIN).unwrap();
    let source = format!("series:{}", path.display());
    let loaded = data::load(&source.parse().unwrap(), &LoadOptions::default()).unwrap();
    let modality = &loaded.samples().modality;
    let read = modality.read(&path).unwrap();
    // NaN, a missing value, equals nothing.
    let [read_back, loaded] = [&read.columns, &loaded.samples().columns].map(|c| format!("{c:?}"));
    assert_eq!(read_back, loaded);
    assert_eq!(read.names.len(), 6);
}
