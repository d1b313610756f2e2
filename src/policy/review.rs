//! `[review]`: who reviews code.

use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Review {
    /// The model that the built-in agent uses, and that other agents may; none unless `--model` names one.
    pub(crate) model: Option<String>,
}

impl Review {
    /// Refuses a name that no model has: what the proxy would refuse.
    pub(super) fn check(&self) -> Result<(), String> {
        let is_name = |name: &String| {
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:/@".contains(&byte));
            (1..=200).contains(&name.len()) && plain
        };
        match &self.model {
            Some(model) if !is_name(model) => {
                Err("`review.model` is not the name of a model: it has 1 to 200 letters, digits and `-._:/@`".into())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::policy::Policy;

    #[test]
    fn a_model_is_read_and_what_is_no_name_refused() {
        let policy = Policy::parse("[review]\nmodel = \"vendor/model-1\"\n").unwrap();
        assert_eq!(policy.settings.review.model.as_deref(), Some("vendor/model-1"));
        for text in [
            "[review]\nmodel = \"\"\n",
            "[review]\nmodel = \"a b\"\n",
            "[review]\nmodel = 5\n",
            "[review]\nmodell = \"x\"\n",
        ] {
            assert!(Policy::parse(text).is_err(), "{text}");
        }
    }
}
