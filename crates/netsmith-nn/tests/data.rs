//! Real pictures through the loader, the split and the batches.

mod archive;

use std::fs;

use archive::{real_data, unpack};
use netsmith::random::Seed;
use netsmith_nn::data::{self, Batches, Contract, LoadOptions, PartName, Source, SplitOptions};

#[test]
fn twelve_thousand_photographs_are_loaded_split_and_batched() {
    let Some(archive) = real_data("images/cifar10-12k.tar.gz") else {
        return;
    };
    let folder = tempfile::tempdir().expect("there is room");
    unpack(&archive, folder.path());
    let root = folder.path().join("cifar10-12k");
    let source: Source = format!("image-folder:{}", root.display())
        .parse()
        .expect("it is a source");
    let data = data::load(&source, &LoadOptions::default()).expect("the pictures are sound");
    assert_eq!(
        (data.len(), data.samples().raw_shape()),
        (12_000, vec![3, 32, 32])
    );
    assert_eq!(data.targets().task.strata_names().len(), 10);

    let (search, test) = data
        .split(&SplitOptions::default())
        .expect("it is large enough");
    let (train, valid) = (search.train(), search.valid());
    assert_eq!(
        (train.len(), valid.len(), test.len()),
        (8_334, 1_666, 2_000)
    );
    assert!(
        train
            .row_name(0)
            .expect("files have names")
            .starts_with("train/airplane/")
    );
    let labels = valid.targets().remove(0);
    let labels = labels.indices();
    let counts = (0..10).map(|class| labels.iter().filter(|label| **label == class).count());
    assert!(counts.into_iter().all(|count| count == 166 || count == 167));

    // Means of CIFAR-10's channels are 125, 123 and 114 of 255.
    let contract = Contract::fit(&train);
    let black = contract.inputs(&[0.0; 3 * 32 * 32]).remove(0);
    assert!(
        black.iter().all(|value| (-2.2..-1.5).contains(value)),
        "{:?}",
        &black[..1]
    );
    let epoch = Seed::new(3);
    let batches = Batches::new(&train, 256)
        .shuffled(&epoch)
        .normalized(&contract);
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for batch in batches {
        let input = &batch.inputs[0];
        assert_eq!(input.len(), batch.len() * 3 * 32 * 32);
        count += input.len() as f64;
        sum += input.iter().map(|v| f64::from(*v)).sum::<f64>();
        squares += input.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
    }
    assert!((sum / count).abs() < 1e-4 && (squares / count - 1.0).abs() < 1e-4);

    let tenth = train.fraction(0.1, &Seed::new(1));
    assert_eq!((tenth.len(), tenth.name()), (834, PartName::Train));
}

#[test]
fn a_table_of_two_kinds_goes_from_file_to_batch() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("houses.csv");
    let mut text = String::from("rooms,town,garden,price\n");
    for row in 0..200 {
        let (rooms, town) = (1 + row % 7, ["Bonn", "Ulm", "Wien"][row % 3]);
        let garden = if row % 11 == 0 {
            String::new()
        } else {
            (row % 5 * 100).to_string()
        };
        let price = 50_000.5 * rooms as f64 + 1_000.0 * (row % 3) as f64;
        text += &format!("{rooms},{town},{garden},{price}\n");
    }
    fs::write(&path, text).expect("there is room");
    let source: Source = format!("csv:{}", path.display())
        .parse()
        .expect("it is a source");
    let options = LoadOptions {
        target: Some("price".into()),
        ..LoadOptions::default()
    };
    let data = data::load(&source, &options).expect("the table is sound");
    assert_eq!(data.targets().task.name(), "regression");
    let (search, test) = data
        .split(&SplitOptions::default())
        .expect("it is large enough");
    assert_eq!(
        (search.train().len(), search.valid().len(), test.len()),
        (120, 40, 40)
    );
    let contract = Contract::fit(&search.train());
    // Rooms, three towns, the garden and whether it is missing.
    assert_eq!(contract.space_task().input().elements(), 6);
    let valid = search.valid();
    let batch = Batches::new(&valid, 64)
        .normalized(&contract)
        .next()
        .expect("it has rows");
    assert_eq!((batch.len(), batch.inputs[0].len()), (40, 40 * 6));
    let mut scaled = batch.targets[0].reals().to_vec();
    contract.task.decode(&mut scaled);
    let raw = valid.targets().remove(0);
    for (scaled, raw) in scaled.iter().zip(raw.reals()) {
        assert!((scaled - raw).abs() < 1e-2 * raw.abs());
    }
}
