//! What training-free scores do in a run: they evaluate, filter what is trained,
//! and tell a predictor.

use super::{Config, PipelineError};
use crate::data::{Normalization, SearchData};
use crate::score::{self, Entry, ScoreData, TrainingFree};
use netsmith::catalogue::{UnknownName, find};
use netsmith::random::Seed;
use netsmith::strategy::{Filtered, Strategy};
use std::sync::Arc;

/// The scores that steer what trains on behind a supernet, where nothing else is
/// said: those that agree best with the results of NAS-Bench-201.
pub(super) const USUAL: [&str; 2] = ["naswot", "logsynflow"];

/// What asks for no scores at all.
const NONE: &str = "none";

/// Of so many proposals one passes the filter where nothing else is said.
const OF: usize = 4;

/// A scorer by these scores on batches of `size` training samples.
pub(super) fn scorer(
    config: &Config,
    data: &SearchData,
    normalization: &Normalization,
    entries: Vec<&'static Entry>,
    size: usize,
) -> TrainingFree {
    let seed = Seed::new(config.seed).child("scores");
    let samples = ScoreData::draw(&data.train(), normalization, size, &seed.child("samples"));
    TrainingFree::new(entries, samples, &seed)
}

/// The strategy with the filter in front of it and the features that the
/// configuration asks for, or these where it says nothing of them.
pub(super) fn aided(
    config: &Config,
    data: &SearchData,
    normalization: &Normalization,
    mut strategy: Box<dyn Strategy>,
    usual: &[&str],
) -> Result<Box<dyn Strategy>, PipelineError> {
    let by = |entries| scorer(config, data, normalization, entries, ScoreData::BATCH);
    let asked = config.assist.iter().map(String::as_str);
    let names: Vec<&str> = match config.assist.is_empty() {
        true => usual.to_vec(),
        false => asked.filter(|name| *name != NONE).collect(),
    };
    if !names.is_empty() {
        let entries = names.into_iter().map(entry);
        strategy.assist(Arc::new(by(entries.collect::<Result<_, _>>()?)));
    }
    match &config.filter {
        None => Ok(strategy),
        Some(text) => {
            let (entry, of) = filter(text)?;
            Ok(Box::new(Filtered::new(
                strategy,
                Arc::new(by(vec![entry])),
                of,
            )))
        }
    }
}

/// The score of this name.
pub(super) fn entry(name: &str) -> Result<&'static Entry, UnknownName> {
    find("score", score::CATALOGUE, name)
}

/// Reads `SCORE` or `SCORE:N`.
fn filter(text: &str) -> Result<(&'static Entry, usize), PipelineError> {
    let (name, of) = match text.split_once(':') {
        None => (text, Some(OF)),
        Some((name, of)) => (name, of.parse().ok().filter(|of| (2..=10_000).contains(of))),
    };
    let of = of.ok_or_else(|| PipelineError::Word {
        what: "filter",
        value: text.to_owned(),
        known: "SCORE, SCORE:N with N from 2 to 10000",
    })?;
    Ok((entry(name)?, of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_score_and_perhaps_a_number() {
        let read = |text: &str| filter(text).map(|(entry, of)| (entry.name, of));
        assert_eq!(read("naswot").unwrap(), ("naswot", OF));
        assert_eq!(read("zen:20").unwrap(), ("zen", 20));
        assert_eq!(
            read("zen:1").unwrap_err().to_string(),
            "filter is `zen:1`: it is one of SCORE, SCORE:N with N from 2 to 10000"
        );
        let error = read("nasswot").unwrap_err();
        assert_eq!(error.to_string(), "there is no score `nasswot`");
        assert_eq!(error.hint().as_deref(), Some("did you mean `naswot`?"));
    }
}
