//! What a study knows of itself from the first moment.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::fault::Fault;

/// What is fixed when a study is made, and what `netsmith resume` starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The configuration in full, as TOML.
    pub configuration: String,
    /// The seed of everything random in the study.
    pub seed: u64,
    /// When the study was made, in seconds since 1970-01-01 UTC.
    pub created: u64,
    /// Version of the netsmith that made it.
    pub netsmith: String,
    /// Versions of what else decides the result, by name: compiler, backend,
    /// data, and so on.
    pub versions: BTreeMap<String, String>,
}

/// Marks the rows of `meta` that hold [`Header::versions`].
const VERSION: &str = "version.";

impl Header {
    /// A header of this build.
    pub fn new(configuration: impl Into<String>, seed: u64, created: u64) -> Self {
        Self {
            configuration: configuration.into(),
            seed,
            created,
            netsmith: env!("CARGO_PKG_VERSION").into(),
            versions: BTreeMap::new(),
        }
    }

    /// With the version of one more thing.
    pub fn with_version(mut self, name: &str, version: impl Into<String>) -> Self {
        self.versions.insert(name.into(), version.into());
        self
    }

    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut insert = connection.prepare("INSERT INTO meta (name, value) VALUES (?1, ?2)")?;
        insert.execute(("configuration", &self.configuration))?;
        insert.execute(("seed", self.seed.to_string()))?;
        insert.execute(("created", self.created.to_string()))?;
        insert.execute(("netsmith", &self.netsmith))?;
        for (name, version) in &self.versions {
            insert.execute((format!("{VERSION}{name}"), version))?;
        }
        Ok(())
    }

    pub(super) fn read(connection: &Connection) -> Result<Self, Fault> {
        let mut rows: BTreeMap<String, String> = connection
            .prepare("SELECT name, value FROM meta")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut take = |name: &'static str| {
            rows.remove(name)
                .ok_or(Fault::new("meta", name, "must be there"))
        };
        let number = |name: &'static str, text: String| {
            text.parse::<u64>()
                .map_err(|_| Fault::new("meta", name, "must be a whole number"))
        };
        Ok(Self {
            configuration: take("configuration")?,
            seed: number("seed", take("seed")?)?,
            created: number("created", take("created")?)?,
            netsmith: take("netsmith")?,
            versions: rows
                .into_iter()
                .filter_map(|(name, value)| Some((name.strip_prefix(VERSION)?.into(), value)))
                .collect(),
        })
    }
}
