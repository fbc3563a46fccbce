//! One event as SQL.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::error::StudyError;
use super::fault::Fault;
use super::load::Catalogue;
use super::mirror::{FULL_WIDTH, OutcomeColumns, cost_metric, direction_name, unit_name};
use super::schema::QUEUED;
use super::trials::{Checkpoint, Role};
use super::writer::Event;
use crate::cost::{Cost, LATENCY, MACS, MEMORY, PARAMETERS};
use crate::trial::{Fidelity, Measurement, Metric, Proposal, RUNNING, Trial};

/// Why an event was not written.
pub(super) enum Refusal {
    /// It does not fit what the study holds; nothing was written of it.
    Event(StudyError),
    /// The database failed; the transaction has to be given up.
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(source: rusqlite::Error) -> Self {
        Self::Database(source)
    }
}

/// Writes events, and knows the ids of the metrics.
pub(super) struct Applier {
    metrics: BTreeMap<MetricKey, i64>,
}

type MetricKey = (Arc<str>, &'static str, &'static str);

impl Applier {
    pub(super) fn new(connection: &Connection) -> Result<Self, Fault> {
        let metrics = Catalogue::read(connection)?.0;
        Ok(Self {
            metrics: metrics
                .into_iter()
                .map(|(id, metric)| (key(&metric), id))
                .collect(),
        })
    }

    /// Writes one event inside the caller's transaction.
    pub(super) fn apply(&mut self, to: &Connection, event: Event) -> Result<(), Refusal> {
        match event {
            Event::Propose { proposal, run } => propose(to, &proposal, run),
            Event::Start(number) => start(to, number),
            Event::Working(number) => execute(
                to,
                "UPDATE trial SET at_work = 1 WHERE number = ?1",
                [number],
            ),
            Event::Measure { trial, measurement } => self.measure(to, trial, &measurement),
            Event::Complete(trial) => self.complete(to, &trial),
            Event::Checkpoint(checkpoint) => keep(to, &checkpoint),
            Event::Forget { trial, step } => execute(
                to,
                "DELETE FROM checkpoint WHERE trial = ?1 AND step = ?2",
                (trial, step),
            ),
            Event::Put { trial, name, value } => execute(
                to,
                "INSERT OR REPLACE INTO entry VALUES (?1, ?2, ?3)",
                (trial, name, value),
            ),
            Event::Record { name, value } => execute(
                to,
                "INSERT OR IGNORE INTO recorded VALUES (?1, ?2)",
                (name, value),
            ),
            Event::Rest => execute(
                to,
                "UPDATE trial SET state = ?1 WHERE number IN
                     (SELECT number FROM trial WHERE state IN ('queued', 'running'))",
                [QUEUED],
            ),
            Event::Sync(_) => Ok(()),
        }
    }

    fn measure(&mut self, to: &Connection, number: u64, at: &Measurement) -> Result<(), Refusal> {
        expect_pending(to, number)?;
        let metric = self.metric(to, &at.metric)?;
        execute(
            to,
            "INSERT OR REPLACE INTO measurement VALUES (?1, ?2, ?3, ?4)",
            (number, metric, at.step.cast_signed(), at.value),
        )?;
        // A new step is progress: whatever ended the process before, the trial
        // has come past it.
        execute(
            to,
            "UPDATE trial SET reached = ?2, deaths = 0, deaths_at_work = 0
             WHERE number = ?1 AND reached < ?2",
            (number, at.step.cast_signed()),
        )
    }

    fn complete(&mut self, to: &Connection, trial: &Trial) -> Result<(), Refusal> {
        match state(to, trial.number)? {
            None => propose(to, &trial.proposal(), None)?,
            Some(state) if is_pending(&state) => expect_same(to, &trial.proposal())?,
            Some(_) => {
                let number = trial.number;
                return Err(Refusal::Event(StudyError::CompletedTwice { number }));
            }
        }
        let outcome = OutcomeColumns::of(&trial.outcome);
        let count = |cost| {
            let value = trial.costs.value(cost);
            value.map(|value| (value as u64).cast_signed())
        };
        to.prepare_cached(
            "UPDATE trial SET state = ?2, duplicate_of = ?3, parameters = ?4, macs = ?5,
                peak_memory_bytes = ?6, latency_ms = ?7, seconds = ?8, ended = ?9, detail = ?10,
                detail_unit = ?11, detail_value = ?12, detail_limit = ?13, needed_bytes = ?14,
                available_bytes = ?15
             WHERE number = ?1",
        )?
        .execute(params![
            trial.number,
            outcome.state,
            trial.duplicate_of,
            count(PARAMETERS),
            count(MACS),
            count(MEMORY),
            trial.costs.value(LATENCY),
            trial.seconds,
            trial.ended,
            outcome.detail,
            outcome.unit,
            outcome.value,
            outcome.limit,
            outcome.needed.map(u64::cast_signed),
            outcome.available.map(u64::cast_signed),
        ])?;
        let mut put = |metric: &Metric, value: f64| {
            let metric = self.metric(to, metric)?;
            execute(
                to,
                "INSERT OR REPLACE INTO result VALUES (?1, ?2, ?3)",
                (trial.number, metric, value),
            )
        };
        for (metric, quantity) in trial.metrics.iter() {
            put(metric, quantity.value)?;
        }
        for cost in Cost::all() {
            if let (Some(metric), Some(value)) = (cost_metric(cost), trial.costs.value(cost)) {
                put(&metric, value)?;
            }
        }
        // The trial is the truth about its curves; what was sent by step may
        // have ended differently.
        execute(
            to,
            "DELETE FROM measurement WHERE trial = ?1",
            [trial.number],
        )?;
        for curve in &trial.curves {
            let metric = self.metric(to, &curve.metric)?;
            for (step, value) in &curve.points {
                execute(
                    to,
                    "INSERT OR REPLACE INTO measurement VALUES (?1, ?2, ?3, ?4)",
                    (trial.number, metric, step.cast_signed(), value),
                )?;
            }
        }
        Ok(())
    }

    /// The id of a metric, which is stored when it is new.
    fn metric(&mut self, to: &Connection, metric: &Metric) -> Result<i64, Refusal> {
        let key = key(metric);
        if let Some(id) = self.metrics.get(&key) {
            return Ok(*id);
        }
        execute(
            to,
            "INSERT INTO metric (name, unit, direction) VALUES (?1, ?2, ?3)",
            (&*key.0, key.1, key.2),
        )?;
        let id = to.last_insert_rowid();
        self.metrics.insert(key, id);
        Ok(id)
    }
}

fn key(metric: &Metric) -> MetricKey {
    (
        Arc::clone(&metric.name),
        unit_name(metric.unit),
        direction_name(metric.direction),
    )
}

fn propose(
    to: &Connection,
    proposal: &Proposal,
    run: Option<(Role, String)>,
) -> Result<(), Refusal> {
    if state(to, proposal.number)?.is_some() {
        return expect_same(to, proposal);
    }
    to.prepare_cached(
        "INSERT INTO trial
            (number, state, architecture, key, epochs, data, width, seed, parent)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        proposal.number,
        QUEUED,
        proposal.architecture,
        proposal.key,
        proposal.fidelity.epochs,
        proposal.fidelity.data,
        FULL_WIDTH,
        proposal.seed.cast_signed(),
        proposal.parent,
    ])?;
    match run {
        None => Ok(()),
        Some((role, name)) => execute(
            to,
            "INSERT INTO final VALUES (?1, ?2, ?3)",
            (proposal.number, role.name(), name),
        ),
    }
}

fn start(to: &Connection, number: u64) -> Result<(), Refusal> {
    expect_pending(to, number)?;
    execute(
        to,
        "UPDATE trial SET state = ?2, at_work = 0 WHERE number = ?1",
        (number, RUNNING),
    )
}

fn keep(to: &Connection, checkpoint: &Checkpoint) -> Result<(), Refusal> {
    let Checkpoint {
        trial,
        step,
        file,
        bytes,
    } = checkpoint;
    if state(to, *trial)?.is_none() {
        return Err(Refusal::Event(StudyError::UnknownTrial { number: *trial }));
    }
    execute(
        to,
        "INSERT OR REPLACE INTO checkpoint VALUES (?1, ?2, ?3, ?4)",
        (trial, step, file, bytes),
    )
}

fn expect_pending(to: &Connection, number: u64) -> Result<(), Refusal> {
    match state(to, number)? {
        Some(state) if is_pending(&state) => Ok(()),
        Some(_) => Err(Refusal::Event(StudyError::CompletedTwice { number })),
        None => Err(Refusal::Event(StudyError::UnknownTrial { number })),
    }
}

/// Makes sure that a proposal is the one that the study holds under its number.
fn expect_same(to: &Connection, proposal: &Proposal) -> Result<(), Refusal> {
    let (architecture, fidelity, seed): (String, Fidelity, i64) = to
        .prepare_cached("SELECT architecture, epochs, data, seed FROM trial WHERE number = ?1")?
        .query_row([proposal.number], |row| {
            let fidelity = Fidelity {
                epochs: row.get(1)?,
                data: row.get(2)?,
            };
            Ok((row.get(0)?, fidelity, row.get(3)?))
        })?;
    let seed = seed.cast_unsigned();
    if (&architecture, fidelity, seed) == (&proposal.architecture, proposal.fidelity, proposal.seed)
    {
        return Ok(());
    }
    Err(Refusal::Event(StudyError::ProposalChanged {
        number: proposal.number,
        was: format!("{architecture} {fidelity} seed={seed}"),
        is: format!(
            "{} {} seed={}",
            proposal.architecture, proposal.fidelity, proposal.seed
        ),
    }))
}

fn is_pending(state: &str) -> bool {
    state == QUEUED || state == RUNNING
}

fn state(to: &Connection, number: u64) -> rusqlite::Result<Option<String>> {
    to.prepare_cached("SELECT state FROM trial WHERE number = ?1")?
        .query_row([number], |row| row.get(0))
        .optional()
}

fn execute(to: &Connection, statement: &str, values: impl rusqlite::Params) -> Result<(), Refusal> {
    to.prepare_cached(statement)?.execute(values)?;
    Ok(())
}
