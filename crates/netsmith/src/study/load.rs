//! Reading all trials in three scans.
//!
//! Trials, results and measurements are each read once in the order in which
//! they are stored, and merged, so that the time grows linearly with the rows.

use std::collections::BTreeMap;
use std::iter::Peekable;

use rusqlite::{Connection, Row};

use super::fault::Fault;
use super::mirror::{self, OutcomeColumns};
use super::schema::{FIRST_FINAL, QUEUED};
use super::trials::{Checkpoint, FinalRun, Pending, Role, Trials};
use crate::cost::{LATENCY, MACS, MEMORY, PARAMETERS};
use crate::trial::{Costs, Curve, Fidelity, Metric, Metrics, Proposal, RUNNING, Trial};

/// Everything that the study holds about trials.
pub(super) fn all(connection: &Connection) -> Result<Trials, Fault> {
    // One transaction, so that all scans see the same moment.
    let moment = connection.unchecked_transaction()?;
    let metrics = Catalogue::read(&moment)?;
    let mut checkpoints = checkpoints(&moment)?;
    let mut finals = finals(&moment)?;

    let mut results =
        moment.prepare("SELECT trial, metric, 0, value FROM result ORDER BY trial, metric")?;
    let mut results = Values {
        rows: results.query_map([], Value::read)?.peekable(),
    };
    let mut points = moment.prepare(
        "SELECT trial, metric, step, value FROM measurement ORDER BY trial, metric, step",
    )?;
    let mut points = Values {
        rows: points.query_map([], Value::read)?.peekable(),
    };

    let mut trials = Trials::default();
    let mut statement = moment.prepare(TRIALS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let proposal = proposal(row)?;
        let number = proposal.number;
        let (results, costs) = results.of(
            number,
            "result",
            &metrics,
            (Metrics::new(), Costs::default()),
            |(results, costs), metric, _, value| match mirror::cost_of(metric) {
                Some(cost) => costs.set(cost, Some(value)),
                None => results.set(metric.clone(), value),
            },
        )?;
        let mut curves = points.of(number, "measurement", &metrics, Vec::new(), point)?;
        curves.sort_by(|a: &Curve, b| a.metric.name.cmp(&b.metric.name));
        let checkpoint = checkpoints.remove(&number);
        let run = match finals.remove(&number) {
            Some(run) => Some(run),
            None if number < FIRST_FINAL => None,
            None => {
                return Err(Fault::new(
                    "trial",
                    number,
                    "its number needs a row in `final`",
                ));
            }
        };
        let state = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        if state == QUEUED || state == RUNNING {
            let pending = Pending {
                running: state == RUNNING,
                deaths: row.get(22)?,
                deaths_at_work: row.get(23)?,
                proposal,
                curves,
                checkpoint,
            };
            match run {
                None => trials.pending.push(pending),
                Some((role, name)) => {
                    trials.pending_finals.push(FinalRun {
                        role,
                        name,
                        trial: pending,
                    });
                }
            }
        } else {
            let completed = completed(row, proposal, state)?;
            let trial = Trial {
                metrics: results,
                curves,
                costs: completed.costs.or(&costs),
                ..completed
            };
            match run {
                None => trials.completed.push(trial),
                Some((role, name)) => trials.finals.push(FinalRun { role, name, trial }),
            }
        }
    }
    results.end("result")?;
    points.end("measurement")?;
    Ok(trials)
}

const TRIALS: &str = "SELECT number, state, architecture, key, epochs, data, width, seed, parent,
    duplicate_of, parameters, macs, peak_memory_bytes, latency_ms, seconds, ended,
    detail, detail_unit, detail_value, detail_limit, needed_bytes, available_bytes, deaths,
    deaths_at_work
    FROM trial ORDER BY number";

/// Columns 0 to 8 of [`TRIALS`].
fn proposal(row: &Row<'_>) -> Result<Proposal, Fault> {
    Ok(Proposal {
        number: row.get(0)?,
        architecture: row.get(2)?,
        key: row.get(3)?,
        fidelity: Fidelity {
            epochs: row.get(4)?,
            data: row.get(5)?,
        },
        seed: row.get::<_, i64>(7)?.cast_unsigned(),
        parent: row.get(8)?,
    })
}

/// Columns 9 to 21 of [`TRIALS`].
fn completed(row: &Row<'_>, proposal: Proposal, state: &str) -> Result<Trial, Fault> {
    let outcome = OutcomeColumns {
        state,
        detail: optional(row, 16)?,
        unit: optional(row, 17)?,
        value: row.get(18)?,
        limit: row.get(19)?,
        needed: bits(row, 20)?,
        available: bits(row, 21)?,
    }
    .outcome(proposal.number)?;
    let mut trial = proposal.complete(outcome);
    trial.duplicate_of = row.get(9)?;
    for (cost, column) in [(PARAMETERS, 10), (MACS, 11), (MEMORY, 12)] {
        let count: Option<u64> = bits(row, column)?;
        trial.costs.set(cost, count.map(|count| count as f64));
    }
    trial.costs.set(LATENCY, row.get(13)?);
    trial.seconds = row.get::<_, Option<f64>>(14)?.unwrap_or(f64::NAN);
    trial.ended = row.get::<_, Option<f64>>(15)?.unwrap_or(f64::NAN);
    Ok(trial)
}

fn optional<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<Option<&'a str>> {
    row.get_ref(column)?
        .as_str_or_null()
        .map_err(rusqlite::Error::from)
}

fn bits(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned))
}

/// One row of `result` or `measurement`.
struct Value {
    trial: u64,
    metric: i64,
    step: u64,
    value: f64,
}

impl Value {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            trial: row.get(0)?,
            metric: row.get(1)?,
            step: row.get::<_, i64>(2)?.cast_unsigned(),
            value: row.get::<_, Option<f64>>(3)?.unwrap_or(f64::NAN),
        })
    }
}

/// Values in the order of their trials.
struct Values<I: Iterator<Item = rusqlite::Result<Value>>> {
    rows: Peekable<I>,
}

impl<I: Iterator<Item = rusqlite::Result<Value>>> Values<I> {
    /// All values of the next trial, folded.
    fn of<T>(
        &mut self,
        trial: u64,
        table: &'static str,
        metrics: &Catalogue,
        start: T,
        mut fold: impl FnMut(&mut T, &Metric, u64, f64),
    ) -> Result<T, Fault> {
        let mut all = start;
        loop {
            match self.rows.peek() {
                Some(Ok(value)) if value.trial > trial => return Ok(all),
                None => return Ok(all),
                Some(_) => {}
            }
            let Some(value) = self.rows.next().transpose()? else {
                return Ok(all);
            };
            if value.trial != trial {
                return Err(orphan(table, value.trial));
            }
            fold(
                &mut all,
                metrics.get(value.metric, table)?,
                value.step,
                value.value,
            );
        }
    }

    /// Makes sure that no value is left.
    fn end(&mut self, table: &'static str) -> Result<(), Fault> {
        match self.rows.next().transpose()? {
            None => Ok(()),
            Some(value) => Err(orphan(table, value.trial)),
        }
    }
}

fn orphan(table: &'static str, trial: u64) -> Fault {
    Fault::new(table, trial, "must belong to a trial")
}

/// Adds one point to the curves of a trial; points come by metric, then step.
fn point(curves: &mut Vec<Curve>, metric: &Metric, step: u64, value: f64) {
    match curves.last_mut() {
        Some(curve) if curve.metric == *metric => curve.points.push((step, value)),
        _ => curves.push(Curve {
            metric: metric.clone(),
            points: vec![(step, value)],
        }),
    }
}

/// The metrics that a study knows, by their ids.
pub(super) struct Catalogue(pub(super) BTreeMap<i64, Metric>);

impl Catalogue {
    pub(super) fn read(connection: &Connection) -> Result<Self, Fault> {
        let mut metrics = BTreeMap::new();
        let mut statement = connection.prepare("SELECT id, name, unit, direction FROM metric")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let (name, unit, direction): (String, String, String) =
                (row.get(1)?, row.get(2)?, row.get(3)?);
            let unit = mirror::unit(&unit)
                .ok_or_else(|| Fault::new("metric", id, "must have a known unit"))?;
            let direction = mirror::direction(&direction)
                .ok_or_else(|| Fault::new("metric", id, "must have a known direction"))?;
            metrics.insert(id, Metric::new(&name, unit, direction));
        }
        Ok(Self(metrics))
    }

    fn get(&self, id: i64, table: &'static str) -> Result<&Metric, Fault> {
        self.0
            .get(&id)
            .ok_or_else(|| Fault::new(table, id, "its metric must be known"))
    }
}

/// The latest checkpoint of each trial that has one.
fn checkpoints(connection: &Connection) -> Result<BTreeMap<u64, Checkpoint>, Fault> {
    let mut latest = BTreeMap::new();
    for checkpoint in all_checkpoints(connection)? {
        latest.insert(checkpoint.trial, checkpoint);
    }
    Ok(latest)
}

/// All checkpoints, by trial and step.
pub(super) fn all_checkpoints(connection: &Connection) -> Result<Vec<Checkpoint>, Fault> {
    Ok(connection
        .prepare("SELECT trial, step, file, bytes FROM checkpoint ORDER BY trial, step")?
        .query_map([], |row| {
            Ok(Checkpoint {
                trial: row.get(0)?,
                step: row.get(1)?,
                file: row.get(2)?,
                bytes: row.get(3)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?)
}

/// Role and name of each run of the final phase.
fn finals(connection: &Connection) -> Result<BTreeMap<u64, (Role, String)>, Fault> {
    let mut finals = BTreeMap::new();
    let mut statement = connection.prepare("SELECT trial, role, name FROM final")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let number: u64 = row.get(0)?;
        let role = Role::from_name(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)
            .ok_or_else(|| Fault::new("final", number, "its role must be known"))?;
        finals.insert(number, (role, row.get(2)?));
    }
    Ok(finals)
}
