//! Texts of architectures.

use super::{Architecture, Space};

/// How a space writes its architectures.
///
/// A text can be pasted back: reading what was written gives the same
/// architecture.
pub trait Notation: std::fmt::Debug + Send + Sync {
    /// The canonical text.
    fn write(&self, space: &Space, architecture: &Architecture) -> String;

    /// The architecture of a text.
    ///
    /// # Errors
    /// What is wrong with the text.
    fn read(&self, space: &Space, text: &str) -> Result<Architecture, NotationError>;
}

/// A text that is no architecture of the space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("architecture `{text}` is not in space `{space}`: {rule}")]
pub struct NotationError {
    /// The text, or its beginning.
    pub text: String,
    /// The space.
    pub space: String,
    /// What does not fit.
    pub rule: String,
}

impl NotationError {
    /// An error about this text.
    pub fn new(space: &Space, text: &str, rule: impl Into<String>) -> Self {
        let mut short: String = text.chars().take(200).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        Self {
            text: short,
            space: space.name().to_owned(),
            rule: rule.into(),
        }
    }
}

/// `name=option` for each active decision, joined by commas; without those that have
/// their usual option.
#[derive(Clone, Copy, Debug)]
pub struct NamedOptions;

impl Notation for NamedOptions {
    fn write(&self, space: &Space, architecture: &Architecture) -> String {
        let decided = space.decisions().iter().zip(architecture.options());
        let parts = decided.filter_map(|(decision, option)| {
            let option = option.filter(|option| decision.usual != Some(*option));
            Some(format!(
                "{}={}",
                decision.name,
                decision.option_name(option?)
            ))
        });
        parts.collect::<Vec<_>>().join(",")
    }

    fn read(&self, space: &Space, text: &str) -> Result<Architecture, NotationError> {
        let error = |rule: String| NotationError::new(space, text, rule);
        let mut architecture = Architecture::undecided(space.decisions().len());
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (name, option) = part
                .split_once('=')
                .ok_or_else(|| error(format!("`{part}` is not of the form decision=option")))?;
            let id = space
                .decision_named(name.trim())
                .ok_or_else(|| error(format!("there is no decision `{name}`")))?;
            let decision = space.decision(id);
            let index = decision.option_from_name(option.trim()).ok_or_else(|| {
                let options = (0..decision.count().min(40)).map(|o| decision.option_name(o));
                let options: Vec<String> = options.collect();
                error(format!(
                    "`{name}` is one of {}, not `{option}`",
                    options.join(", ")
                ))
            })?;
            if architecture.option(id).is_some() {
                return Err(error(format!("`{name}` is given twice")));
            }
            architecture.set(id, Some(index));
        }
        for &id in space.order() {
            let usual = space.decision(id).usual;
            if architecture.option(id).is_none() && space.is_active(id, &architecture) {
                architecture.set(id, usual);
            }
        }
        space.check(&architecture).map_err(error)?;
        Ok(architecture)
    }
}
