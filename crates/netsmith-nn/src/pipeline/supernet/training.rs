//! Training of a supernet that loses nothing when it is interrupted.

use crate::pipeline::{Context, PipelineError, Progress};
use crate::supernet::{Decision, End, EpochReport, Found, Search, State};
use netsmith::search::CHECKPOINTS;
use std::sync::mpsc;

/// Trains a supernet from its last state, which is kept in a file; its reports
/// are kept in an entry of the study. Nothing where it was interrupted.
pub(super) fn trained(
    context: &Context<'_>,
    search: &Search<'_>,
    [file, entry]: [&str; 2],
    pool: &rayon::ThreadPool,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<Found>, PipelineError> {
    let network = &search.supernet.network;
    let path = context.dir.join(CHECKPOINTS).join(file);
    let state = match State::load(network, &path) {
        Ok(state) => state,
        Err(error) => {
            if path.exists() {
                let what = format!(
                    "{error} ({}): the supernet is trained from the start again",
                    path.display()
                );
                observe(Progress::Phase {
                    what,
                    seconds: None,
                });
            }
            search.start()
        }
    };
    let mut failed = None;
    let mut tell = |report: &EpochReport, state: &State| {
        observe(Progress::Supernet(report));
        let reports = serde_json::to_vec(&state.history).unwrap_or_default();
        let saved = state.save(network, &path).err();
        let put = context.study.put(entry, reports).err();
        failed = saved
            .map(PipelineError::from)
            .or(put.map(PipelineError::from));
        match failed {
            Some(_) => Decision::Stop,
            None => Decision::Continue,
        }
    };
    let found = on(pool, search, state, &mut tell)?;
    if let Some(error) = failed {
        return Err(error);
    }
    Ok((found.end != End::Cancelled).then_some(found))
}

/// Runs a search on a pool, and tells of its epochs here.
fn on(
    pool: &rayon::ThreadPool,
    search: &Search<'_>,
    state: State,
    tell: &mut dyn FnMut(&EpochReport, &State) -> Decision,
) -> Result<Found, PipelineError> {
    std::thread::scope(|scope| {
        let (report, reports) = mpsc::channel();
        let (answer, answers) = mpsc::channel();
        let worker = scope.spawn(move || {
            pool.install(move || {
                search.run(state, &mut |epoch, state| {
                    let sent = report.send((epoch.clone(), state.clone()));
                    let answer = sent.ok().and_then(|()| answers.recv().ok());
                    answer.unwrap_or(Decision::Stop)
                })
            })
        });
        for (epoch, state) in reports {
            // A search that has ended asks for nothing more.
            let _ = answer.send(tell(&epoch, &state));
        }
        match worker.join() {
            Ok(found) => Ok(found?),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
