//! What training-free scores do in a run: they evaluate, filter what is trained,
//! and tell a predictor.

use super::prepare::Prepared;
use super::{Config, PipelineError};
use crate::data::{Contract, SearchData};
use crate::score::{self, Entry, ScoreData, TrainingFree};
use netsmith::catalogue::{UnknownName, find};
use netsmith::random::Seed;
use netsmith::strategy::{Filtered, Strategy};
use std::sync::Arc;

/// The scores that steer where nothing else is said: those that agree best with the
/// results of NAS-Bench-201. On Fashion-MNIST a predictor that sees them ordered 36
/// trials of `chain` by 0.65 (Spearman, one left out), and without them by 0.45.
const USUAL: [&str; 2] = ["naswot", "logsynflow"];

/// What asks for no scores at all.
const NONE: &str = "none";

/// Of so many proposals one passes the filter where nothing else is said.
const OF: usize = 4;

/// A scorer by these scores on batches of `size` training samples.
pub(super) fn scorer(
    config: &Config,
    data: &SearchData,
    contract: &Contract,
    entries: Vec<&'static Entry>,
    size: usize,
) -> TrainingFree {
    let seed = Seed::new(config.seed).child("scores");
    let samples = ScoreData::draw(&data.train(), contract, size, &seed.child("samples"));
    TrainingFree::new(entries, samples, &seed)
}

/// The scores that the configuration asks for; nothing where it is silent.
///
/// # Errors
/// There is no such score.
pub(super) fn asked(config: &Config) -> Result<Option<Vec<&'static Entry>>, UnknownName> {
    if config.assist.is_empty() {
        return Ok(None);
    }
    let names = config.assist.iter().map(String::as_str);
    names
        .filter(|name| *name != NONE)
        .map(entry)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// The usual scores.
///
/// # Errors
/// The catalogue lacks one.
pub(super) fn usual() -> Result<Vec<&'static Entry>, UnknownName> {
    USUAL.into_iter().map(entry).collect()
}

/// Gives the strategy these scores, before its first question; whether there are any
/// and it has a use for them.
pub(super) fn assist(
    config: &Config,
    prepared: &mut Prepared,
    entries: Vec<&'static Entry>,
) -> bool {
    if entries.is_empty() {
        return false;
    }
    let (data, contract) = (&prepared.data, &prepared.contract);
    let scorer = scorer(config, data, contract, entries, ScoreData::BATCH);
    let names = scorer.names().collect();
    let is_assisted = prepared.strategy.assist(Arc::new(scorer));
    if is_assisted {
        prepared.steering = names;
    }
    is_assisted
}

/// The strategy with the filter in front of it that the configuration asks for.
///
/// # Errors
/// There is no such filter, or a strategy counts on every proposal being tried.
pub(super) fn filtered(
    config: &Config,
    data: &SearchData,
    contract: &Contract,
    strategy: Box<dyn Strategy>,
    counts_on_all: bool,
) -> Result<Box<dyn Strategy>, PipelineError> {
    let Some(text) = &config.filter else {
        return Ok(strategy);
    };
    let (entry, of) = filter(text)?;
    if counts_on_all {
        return Err(PipelineError::Filtered {
            filter: text.clone(),
            strategy: config.strategy.clone(),
        });
    }
    let scorer = scorer(config, data, contract, vec![entry], ScoreData::BATCH);
    Ok(Box::new(Filtered::new(strategy, Arc::new(scorer), of)))
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
