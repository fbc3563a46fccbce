//! The best network of a run, or another that it trained in full, read again from what
//! the run left.

use std::path::Path;

use clap::Args;
use netsmith::network::Network;
use netsmith::space::Form;
use netsmith::study::View;
use netsmith_nn::export::read_safetensors;
use netsmith_nn::module::Weights;
use netsmith_nn::pipeline::{
    BEST, BestRecord, Config, ENTRY, finalist_records, finalist_weights, space_of,
};

use crate::exit;
use crate::failure::Failure;

/// Which network of a run.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Another network than the best: that of a trial which was trained in full; `netsmith
    /// show --json` lists them under `finalists`
    #[arg(long, value_name = "NUMBER")]
    pub(super) trial: Option<u64>,
}

/// A network of a run that was trained in full, ready to run.
#[derive(Debug)]
pub(super) struct Best {
    pub(super) record: BestRecord,
    pub(super) network: Network,
    pub(super) weights: Weights,
    pub(super) config: Config,
}

/// The record of a run's best network; none before its final phase is over.
pub(super) fn record(view: &View) -> Result<Option<BestRecord>, Failure> {
    let Some(bytes) = view.entry(ENTRY)? else {
        return Ok(None);
    };
    let record = serde_json::from_slice(&bytes).map_err(|error| {
        let run = view.dir().display();
        Failure::new(
            exit::FAILED,
            format!("the best network of `{run}` is not described as this version does: {error}"),
        )
    })?;
    Ok(Some(record))
}

/// The configuration that a study was made with.
pub(super) fn configuration(view: &View) -> Result<Config, Failure> {
    let text = view.header()?.configuration;
    Config::read(&text).map_err(|error| {
        let run = view.dir().display();
        Failure::new(
            exit::FAILED,
            format!("the configuration of `{run}` cannot be read: {error}"),
        )
    })
}

/// Reads record and weights, and builds the network again.
///
/// # Errors
/// No study, no such network yet, or files that were damaged or deleted.
pub(super) fn read(run: &Path, which: &Which) -> Result<Best, Failure> {
    let view = View::open(run)?;
    let config = configuration(&view)?;
    if config.evaluator != "training" {
        let message = format!(
            "run `{}` has no network with weights: `{}` evaluated its trials",
            run.display(),
            config.evaluator
        );
        let hint = "its best architecture is in `best/architecture.txt` and in `netsmith show`";
        return Err(Failure::new(exit::FAILED, message).with_hint(hint));
    }
    let record = record(&view)?;
    // What is handed over may have been trained for longer than the others.
    let best = record.as_ref().and_then(|best| best.trial);
    if let Some(trial) = which.trial.filter(|trial| best != Some(*trial)) {
        return finalist(&view, config, trial);
    }
    let record = record.ok_or_else(|| {
        let run = run.display();
        Failure::new(
            exit::FAILED,
            format!("run `{run}` has no best network: its final phase is not over"),
        )
        .with_hint(format!("go on with `netsmith resume {run}`"))
    })?;
    let network = network(&config, &record)?;
    let path = run.join(BEST).join("model.safetensors");
    let bytes = std::fs::read(&path).map_err(|error| Failure::file("read", &path, &error))?;
    let weights = Weights(read_safetensors(&network, &bytes)?);
    Ok(Best {
        record,
        network,
        weights,
        config,
    })
}

/// The network of a trial that was trained in full, with the weights of its checkpoint.
fn finalist(view: &View, config: Config, trial: u64) -> Result<Best, Failure> {
    let mut records = finalist_records(view)?;
    let place = records
        .iter()
        .position(|record| record.trial == Some(trial));
    let Some(place) = place else {
        let known = records.iter().filter_map(|record| record.trial);
        let known: Vec<String> = known.map(|trial| trial.to_string()).collect();
        let run = view.dir().display();
        let failure = Failure::usage(format!(
            "trial is `{trial}`: run `{run}` has not trained it in full"
        ));
        return Err(match known.is_empty() {
            true => failure.with_hint(format!("go on with `netsmith resume {run}`")),
            false => failure.with_hint(format!("trained in full were {}", known.join(", "))),
        });
    };
    let record = records.swap_remove(place);
    let network = network(&config, &record)?;
    let weights = finalist_weights(view, record.run, &network)?;
    Ok(Best {
        record,
        network,
        weights,
        config,
    })
}

/// The network in its final form, pruned as it was trained.
fn network(config: &Config, record: &BestRecord) -> Result<Network, Failure> {
    let space = space_of(config, &record.contract)?;
    let architecture = space.parse(&record.architecture)?;
    Ok(space.resolve(&architecture, Form::Final)?.pruned())
}
