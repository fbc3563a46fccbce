//! What is decided once in the life of a study, so that a run that goes on after an
//! interruption goes on with the same plan.

use super::PipelineError;
use netsmith::study::{Study, View};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The study's entry of this name, as JSON. Where there is none, or none that this
/// version reads, it is decided now, and durable when it is returned.
pub(super) fn once<T: Serialize + DeserializeOwned>(
    study: &Study,
    name: &str,
    decide: impl FnOnce() -> Result<T, PipelineError>,
) -> Result<T, PipelineError> {
    if let Some(known) = known(&study.view()?, name)? {
        return Ok(known);
    }
    let decided = decide()?;
    study.put(name, serde_json::to_vec(&decided).unwrap_or_default())?;
    study.sync()?;
    Ok(decided)
}

/// The study's entry of this name; nothing where there is none, or none that this
/// version reads.
pub(super) fn known<T: DeserializeOwned>(
    view: &View,
    name: &str,
) -> Result<Option<T>, PipelineError> {
    let json = view.entry(name)?;
    Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::study::Header;

    #[test]
    fn what_is_decided_stays_so_after_a_resume() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("run");
        let study = Study::create(&dir, &Header::new("", 1, 0)).unwrap();
        let decide = |study: &Study, value: Option<u32>| once(study, "plan", || Ok(value)).unwrap();
        assert_eq!(decide(&study, None), None);
        drop(study);
        let study = Study::open(&dir).unwrap();
        assert_eq!(decide(&study, Some(7)), None);
        // What cannot be read is decided anew.
        study.put("plan", *b"{").unwrap();
        study.sync().unwrap();
        assert_eq!(decide(&study, Some(8)), Some(8));
    }
}
