//! `--set KEY=VALUE`: the parameters of a space and of a strategy.

use std::collections::BTreeMap;

use crate::failure::Failure;

/// The values given for the parameters of each part, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Given {
    /// Those of the space: `space.KEY=VALUE` or a bare `KEY=VALUE`.
    pub(crate) space: BTreeMap<String, String>,
    /// Those of the space in the supernet alone: `proxy.KEY=VALUE`.
    pub(crate) proxy: BTreeMap<String, String>,
    /// Those of the strategy: `strategy.KEY=VALUE`.
    pub(crate) strategy: BTreeMap<String, String>,
    /// Those of the evaluator: `evaluator.KEY=VALUE`.
    pub(crate) evaluator: BTreeMap<String, String>,
}

impl Given {
    /// Reads what was given; a later value of a parameter wins.
    ///
    /// # Errors
    /// A text that is not `KEY=VALUE`, or a part that has no parameters.
    pub(crate) fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Failure> {
        let mut given = Self::default();
        for text in texts {
            let fault = |rule: &str| {
                Failure::usage(format!("setting `{text}`: {rule}"))
                    .with_hint("write `--set channels=16` or `--set strategy.population=50`")
            };
            let (path, value) = text
                .split_once('=')
                .filter(|(path, value)| !path.is_empty() && !value.is_empty())
                .ok_or_else(|| fault("must be KEY=VALUE"))?;
            let (part, key) = path.split_once('.').unwrap_or(("space", path));
            let values = match part {
                "space" => &mut given.space,
                "proxy" => &mut given.proxy,
                "strategy" => &mut given.strategy,
                "evaluator" => &mut given.evaluator,
                _ => {
                    return Err(fault(
                        "the part must be `space`, `proxy`, `strategy` or `evaluator`",
                    ));
                }
            };
            values.insert(key.trim().to_owned(), value.trim().to_owned());
        }
        Ok(given)
    }

    /// Refuses settings of a space.
    ///
    /// # Errors
    /// There is one.
    pub(crate) fn without_space(&self) -> Result<(), Failure> {
        match self.space.keys().chain(self.proxy.keys()).next() {
            Some(key) => Err(Failure::usage(format!(
                "setting `{key}`: the space is the table's own"
            ))
            .with_hint(format!(
                "a strategy's is written `--set strategy.{key}=VALUE`"
            ))),
            None => Ok(()),
        }
    }

    /// Refuses settings of a strategy and of an evaluator.
    ///
    /// # Errors
    /// There is one.
    pub(crate) fn without_strategy(&self) -> Result<(), Failure> {
        let own = [&self.strategy, &self.evaluator, &self.proxy];
        match own.into_iter().flat_map(BTreeMap::keys).next() {
            Some(key) => Err(Failure::usage(format!(
                "setting `{key}`: nothing is searched here, so only the space can be set"
            ))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_key_is_the_space_s() {
        let texts = [
            "channels=8",
            "space.cells=5",
            "strategy.population=50",
            "proxy.cells=1",
            "channels=16",
        ];
        let given = Given::read(texts).unwrap();
        assert_eq!(given.space["channels"], "16");
        assert_eq!(given.space["cells"], "5");
        assert_eq!(given.strategy["population"], "50");
        assert_eq!(given.proxy["cells"], "1");
    }

    #[test]
    fn what_is_no_setting_is_refused() {
        for text in ["channels", "=3", "channels=", "data.x=3"] {
            let failure = Given::read([text]).unwrap_err();
            assert_eq!(failure.code, crate::exit::USAGE);
            assert!(failure.message.starts_with(&format!("setting `{text}`: ")));
        }
    }
}
