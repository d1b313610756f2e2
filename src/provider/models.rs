//! Which models providers had on one day, and which of them they retire: for hints and warnings, and for nothing else. Any other name
//! is as good: what there is, the provider decides.
//!
//! Source: the tables inside Claude Code 2.1.332 (dates for Anthropic's own API), and the model names that Codex 0.163.0 knows. To
//! bring it up to date, change [`AS_OF`] with it.

use super::Provider;
use chrono::NaiveDate;

/// The day on which the table was true.
pub(crate) const AS_OF: &str = "2026-11-29";
/// Days before a retirement from which on a run warns of it.
const NEAR: i64 = 90;

/// Models that nobody has announced an end for.
const CURRENT: &[(Provider, &str)] = &[
    (Provider::Anthropic, "claude-opus-5-5"),
    (Provider::Anthropic, "claude-sonnet-5-5"),
    (Provider::Anthropic, "claude-haiku-5-5"),
    (Provider::OpenAi, "gpt-5.5"),
];

/// Models, by the name that their dated names begin with, and the day of their end.
const RETIRING: &[(&str, &str)] = &[
    ("claude-3-5-haiku", "2026-02-19"),
    ("claude-3-5-sonnet", "2025-10-28"),
    ("claude-3-7-sonnet", "2026-02-19"),
    ("claude-3-opus", "2026-01-05"),
    ("claude-opus-4", "2026-06-15"),
    ("claude-opus-4-0", "2026-06-15"),
    ("claude-opus-4-5", "2027-01-22"),
    ("claude-sonnet-4", "2026-06-15"),
    ("claude-sonnet-4-0", "2026-06-15"),
    ("claude-sonnet-4-5", "2026-11-30"),
];

/// What models cost: millionths of a US dollar for a million tokens read, and for a million written. Source: what Claude Code
/// 2.1.332 counts for them, on [`AS_OF`]. Of OpenAI's models no price is known here.
const PRICES: &[(&str, u64, u64)] = &[
    ("claude-opus-5-5", 4_000_000, 20_000_000),
    ("claude-sonnet-5-5", 2_000_000, 10_000_000),
    ("claude-haiku-5-5", 500_000, 2_500_000),
];

/// What a model cost on [`AS_OF`]: millionths of a US dollar for a million tokens read, and for a million written.
#[must_use]
pub(crate) fn price(model: &str) -> Option<(u64, u64)> {
    PRICES.iter().find(|(name, ..)| is_named(model, name)).map(|(_, read, written)| (*read, *written))
}

/// What to name when no model was named.
#[must_use]
pub(crate) fn hint(provider: Provider) -> String {
    let names: Vec<String> =
        CURRENT.iter().filter(|(whose, _)| *whose == provider).map(|(_, name)| format!("`{name}`")).collect();
    let whose = match provider {
        Provider::Anthropic => "Anthropic",
        Provider::OpenAi => "OpenAI",
    };
    format!("models of {whose} on {AS_OF}: {}", names.join(", "))
}

/// Whose model this is, as far as the table knows.
#[must_use]
pub(crate) fn provider(model: &str) -> Option<Provider> {
    let current = CURRENT.iter().find(|(_, name)| is_named(model, name)).map(|(provider, _)| *provider);
    current.or_else(|| retires(model).map(|_| Provider::Anthropic))
}

/// A warning when a model is gone, or soon will be.
#[must_use]
pub(crate) fn warning(model: &str, today: NaiveDate) -> Option<String> {
    let end = retires(model)?;
    let days = end.signed_duration_since(today).num_days();
    match days {
        ..=0 => Some(format!("`{model}` was retired on {end} (as known on {AS_OF}): name another model")),
        1..=NEAR => {
            let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
            Some(format!("`{model}` retires on {end}, in {days} (as known on {AS_OF}): name another model soon"))
        }
        _ => None,
    }
}

fn retires(model: &str) -> Option<NaiveDate> {
    RETIRING.iter().find(|(name, _)| is_named(model, name)).and_then(|(_, end)| end.parse().ok())
}

/// Whether a model has this name, or this name with a date: `claude-sonnet-4-5-20250929`, `claude-3-5-haiku-latest`.
fn is_named(model: &str, name: &str) -> bool {
    let Some(rest) = model.strip_prefix(name) else { return false };
    let is_version =
        |rest: &str| rest == "latest" || (rest.len() == 8 && rest.bytes().all(|byte| byte.is_ascii_digit()));
    rest.is_empty() || rest.strip_prefix('-').is_some_and(is_version)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{AS_OF, CURRENT, RETIRING, hint, price, provider, warning};
    use crate::provider::Provider;
    use chrono::NaiveDate;

    #[test]
    fn a_warning_comes_when_the_end_is_near_and_no_model_that_is_offered_has_one() {
        let on = |day: &str, model: &str| warning(model, day.parse().unwrap()).unwrap_or_else(|| "-".to_owned());
        let mut shown = String::new();
        for (day, model) in [
            ("2026-11-29", "claude-sonnet-4-5-20250929"),
            ("2026-11-30", "claude-sonnet-4-5"),
            ("2026-11-29", "claude-opus-4-5"),
            ("2026-10-01", "claude-opus-4-5"),
            ("2026-11-29", "claude-opus-4-20250514"),
            ("2026-11-29", "claude-opus-4-8"),
            ("2026-11-29", "claude-sonnet-4-5x"),
            ("2026-11-29", "a-model-of-my-own"),
        ] {
            shown += &format!("{}\n", on(day, model));
        }
        insta::assert_snapshot!(shown, @r"
        `claude-sonnet-4-5-20250929` retires on 2026-11-30, in 1 day (as known on 2026-11-29): name another model soon
        `claude-sonnet-4-5` was retired on 2026-11-30 (as known on 2026-11-29): name another model
        `claude-opus-4-5` retires on 2027-01-22, in 54 days (as known on 2026-11-29): name another model soon
        -
        `claude-opus-4-20250514` was retired on 2026-06-15 (as known on 2026-11-29): name another model
        -
        -
        -
        ");
        for (_, end) in RETIRING {
            end.parse::<NaiveDate>().unwrap();
        }
        assert!(CURRENT.iter().all(|(_, name)| warning(name, AS_OF.parse().unwrap()).is_none()));
    }

    #[test]
    fn a_provider_is_known_by_a_model_of_its() {
        assert_eq!(provider("gpt-5.5"), Some(Provider::OpenAi));
        assert_eq!(provider("claude-opus-4-5-20251101"), Some(Provider::Anthropic));
        assert_eq!(provider("mine"), None);
        assert_eq!((price("claude-opus-5-5-latest"), price("gpt-5.5")), (Some((4_000_000, 20_000_000)), None));
        assert_eq!(hint(Provider::OpenAi), "models of OpenAI on 2026-11-29: `gpt-5.5`");
    }
}
