//! `mcp-registry.toml`: what a registry's maintainers decided. Entries cannot change it; a registry without
//! one has the defaults below, which are those of the registry that the format comes from.

pub(crate) mod duration;
mod github;
mod pins;
mod review;
mod scan;
pub(crate) mod trust;

pub(crate) use github::{ACTIONS_APP, GitHub};
pub(crate) use pins::Pins;
pub(crate) use review::Review;
pub(crate) use scan::Scan;

use crate::document::{Lines, Span, conflict};
use crate::finding::Severity;
use chrono::NaiveDate;
use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::sync::Arc;
use toml::Spanned;

/// The file's name, in the registry's root.
pub(crate) const POLICY: &str = "mcp-registry.toml";

/// The policy of one registry.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// What `mcp-registry.toml` says.
    pub settings: Settings,
    /// The text it was read from; empty for the defaults.
    pub(crate) text: Arc<str>,
}

/// The whole file. Unknown keys are refused: a misspelt waiver must not pass for none.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    /// `[registry]`
    pub registry: Registry,
    /// `[title]`
    pub title: Title,
    /// `[description]`
    pub description: Description,
    /// `[licenses]`
    pub(crate) licenses: Licenses,
    /// `[style]`
    pub style: Style,
    /// `[network]`
    pub(crate) network: Network,
    /// `[pins]`
    pub(crate) pins: Pins,
    /// `[review]`
    pub(crate) review: Review,
    /// `[scan]`
    pub(crate) scan: Scan,
    /// `[github]`
    pub(crate) github: GitHub,
    /// `[rules]`: a level for a rule, by its id.
    pub(crate) rules: BTreeMap<Spanned<String>, Spanned<Level>>,
    /// `[[publishers]]`
    pub(crate) publishers: Vec<Publisher>,
    /// `[[waivers]]`
    pub(crate) waivers: Vec<Spanned<Waiver>>,
}

/// What the registry builds, and from where.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Registry {
    /// Images that begin with this are built by the registry itself.
    pub namespace: String,
    /// Git hosts that `source.project` may name.
    pub hosts: Vec<String>,
    /// The categories that `meta.category` may name; empty allows all.
    pub categories: Vec<String>,
}

impl Default for Registry {
    fn default() -> Self {
        Self { namespace: "mcp/".into(), hosts: vec!["github.com".into()], categories: Vec::new() }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Title {
    /// Words that may begin with a small letter.
    pub lowercase_words: Vec<String>,
    /// Titles, or phrases in titles, that are right as they are: official names.
    pub(crate) names: Vec<String>,
}

impl Default for Title {
    fn default() -> Self {
        Self { lowercase_words: vec!["and".into(), "for".into()], names: Vec::new() }
    }
}

/// How descriptions are written. Lengths are in characters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Description {
    /// A shorter description says too little.
    pub min: usize,
    /// A longer one belongs into the readme.
    pub max: usize,
}

impl Default for Description {
    fn default() -> Self {
        Self { min: 20, max: 400 }
    }
}

/// Which licences the code of an entry may have, as SPDX ids.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Licenses {
    /// Every licence that an expression needs must be in this list.
    pub(crate) allow: Vec<String>,
}

impl Default for Licenses {
    fn default() -> Self {
        // Permissive and file-level copyleft licences: what a registry can redistribute as a built image without
        // obligations towards the programs beside it.
        let allow = ["MIT", "MIT-0", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "0BSD", "MPL-2.0", "Zlib"]
            .into_iter()
            .chain([
                "Unlicense",
                "CC0-1.0",
                "BSL-1.0",
                "UPL-1.0",
                "EPL-2.0",
                "PostgreSQL",
                "Python-2.0",
                "BlueOak-1.0.0",
            ]);
        Self { allow: allow.map(Into::into).collect() }
    }
}

/// Matters of style that not every registry wants.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Style {
    /// Whether `meta.tags` must be sorted.
    pub sort_tags: bool,
}

/// What may be reached of what is not public: by `--online`, `update-pins`, `build`, `review`, `scan` and `verify`.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Network {
    /// Private networks that may be fetched from all the same: a company's own hosts.
    pub(crate) allow: Vec<IpNet>,
}

/// Somebody whose entries and images the registry knows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Publisher {
    pub(crate) name: String,
    /// How far they are trusted.
    #[serde(default)]
    pub(crate) trust: Trust,
    /// Image prefixes that are theirs: `ghcr.io/github/`. Entries may use them although the registry does not
    /// build them.
    #[serde(default)]
    pub(crate) images: Vec<String>,
    /// Repository prefixes that are theirs: `https://github.com/github/`. What the registry builds from them is theirs.
    #[serde(default)]
    pub(crate) sources: Vec<String>,
    /// Prefixes of the addresses of their services: `https://mcp.example.com/`.
    #[serde(default)]
    pub(crate) remotes: Vec<String>,
}

/// How far a publisher is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Trust {
    /// Known, nothing more.
    #[default]
    Community,
    /// The registry checked that they are who they say.
    Verified,
    /// The makers of the service that the server speaks to.
    Official,
}

/// What a policy makes of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// The rule is not checked.
    Off,
    Note,
    Warning,
    Error,
}

impl Level {
    /// The severity of this level; none for `off`.
    #[must_use]
    pub(crate) fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Note => Some(Severity::Note),
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

/// An exception: findings of one rule in one entry do not count.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Waiver {
    pub(crate) rule: String,
    pub(crate) entry: String,
    /// Of a rule of `scan`: the one vulnerability that it is about, by its id. All of the rule without one.
    #[serde(default)]
    pub(crate) vulnerability: Option<String>,
    /// Why. Must not be empty.
    pub(crate) reason: String,
    /// The last day on which it counts, `YYYY-MM-DD`, with or without quotes; without one it never ends.
    #[serde(default, deserialize_with = "day")]
    pub(crate) expires: Option<NaiveDate>,
}

/// A day, as a text or as a date of TOML.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    let written = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => text,
        other => other.to_string(),
    };
    let is_day = written.len() == 10;
    match written.parse() {
        Ok(day) if is_day => Ok(Some(day)),
        _ => Err(D::Error::custom(format!("`{written}` is not a day of the calendar, written \"YYYY-MM-DD\""))),
    }
}

/// Why a policy cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PolicyError {
    /// What is wrong, in one line.
    pub message: String,
    /// Where, if the parser knows.
    pub(crate) span: Option<Span>,
    /// How to mend it, if that is more than the message says.
    pub(crate) hint: Option<&'static str>,
}

impl Settings {
    /// Refuses values that have the right type and can never mean anything.
    fn check(&self) -> Result<(), String> {
        if self.registry.hosts.is_empty() {
            return Err(
                "`registry.hosts` names no host, so that no source could pass: remove the key for `github.com` alone"
                    .into(),
            );
        }
        for host in &self.registry.hosts {
            let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
            let name =
                host.split_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(&**host, |(name, _)| name);
            if name.is_empty() || !name.chars().all(is_host) || name.starts_with('.') || name.ends_with('.') {
                let name = host.split("://").last().unwrap_or(host).split(['/', ':']).next().unwrap_or_default();
                let meant = if name.is_empty() { String::new() } else { format!(", `{name}`") };
                return Err(format!("`registry.hosts`: `{host}` is not the name of a host: write it alone{meant}"));
            }
        }
        for license in &self.licenses.allow {
            let id = license.strip_suffix('+').unwrap_or(license);
            let is_reference = id.starts_with("LicenseRef-") || id.starts_with("DocumentRef-");
            if !is_reference && spdx::license_id(id).is_none_or(|found| found.name != id) {
                return Err(format!("`licenses.allow`: `{license}` is not the SPDX id of one licence, as `MIT` is"));
            }
        }
        self.review.check()?;
        self.github.check()?;
        self.pins.check()
    }
}

impl Policy {
    /// Reads `mcp-registry.toml`. Rule ids are not checked here: the rules do that, with a suggestion.
    ///
    /// # Errors
    /// When it is not TOML, has a key or value that it must not have, or a waiver without a reason.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let settings: Settings = toml::from_str(text).map_err(|error| match conflict::find(text) {
            Some(conflict) => PolicyError { message: conflict.message, span: Some(conflict.span), hint: None },
            None => PolicyError {
                message: error.message().lines().collect::<Vec<_>>().join(" "),
                span: error.span().map(|range| Span::new(range.start, range.end)),
                hint: None,
            },
        })?;
        settings.check().map_err(|message| PolicyError { message, span: None, hint: None })?;
        let unfilled: Vec<usize> = settings
            .waivers
            .iter()
            .filter(|waiver| is_unfilled(&waiver.get_ref().reason))
            .map(|waiver| waiver.span().start)
            .collect();
        if let Some(first) = unfilled.first() {
            let message = match unfilled.len() {
                1 => "this waiver has no reason: say in `reason` why the finding is acceptable".to_owned(),
                count => format!(
                    "{count} waivers have no reason, on lines {}: say in each `reason` why the finding is acceptable",
                    listed(text, &unfilled)
                ),
            };
            let span = Some(Span::new(*first, *first));
            let hint = Some("`validate --write-waivers --reason TEXT` fills in the same reason everywhere");
            return Err(PolicyError { message, span, hint });
        }
        Ok(Self { settings, text: text.into() })
    }

    /// The hosts that `registry.hosts` names, if the policy has the key.
    #[must_use]
    pub(crate) fn named_hosts(&self) -> Option<&[String]> {
        let table: toml::Table = toml::from_str(&self.text).ok()?;
        table.get("registry")?.get("hosts")?;
        Some(&self.settings.registry.hosts)
    }

    /// The text with `reason` in every waiver that has none yet, and how many those are. A text that is no policy stays
    /// as it is: [`Policy::parse`] says what is wrong with it.
    #[must_use]
    pub(crate) fn fill_reasons(text: &str, reason: &str) -> (String, usize) {
        #[derive(Deserialize)]
        struct File {
            #[serde(default)]
            waivers: Vec<Reason>,
        }
        #[derive(Deserialize)]
        struct Reason {
            reason: Spanned<String>,
        }
        let mut filled = text.to_owned();
        let Ok(File { waivers }) = toml::from_str::<File>(text) else { return (filled, 0) };
        let mut places: Vec<_> = waivers
            .iter()
            .filter(|waiver| is_unfilled(waiver.reason.get_ref()))
            .map(|waiver| waiver.reason.span())
            .collect();
        // From the end, so that the places before it stay where they are.
        places.sort_by_key(|place| std::cmp::Reverse(place.start));
        let reason = toml::Value::from(reason).to_string();
        for place in &places {
            filled.replace_range(place.clone(), &reason);
        }
        (filled, places.len())
    }
}

fn is_unfilled(reason: &str) -> bool {
    matches!(reason.trim(), "" | UNFILLED_REASON)
}

/// The lines of these places, the first few of many.
fn listed(text: &str, places: &[usize]) -> String {
    const SHOWN: usize = 10;
    let lines = Lines::new(text);
    let shown: Vec<String> =
        places.iter().take(SHOWN).map(|place| lines.position(text, *place).line.to_string()).collect();
    let more = if places.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// The reason that `validate --write-waivers` leaves to be filled in; a policy that still has it is refused.
pub(crate) const UNFILLED_REASON: &str = "FILL IN: why is this acceptable?";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Level, Policy, UNFILLED_REASON};

    #[test]
    fn reasons_are_filled_in_where_there_are_none() {
        let text = format!(
            "# ours\n[[waivers]]\nrule = \"a\"\nentry = \"x\"\nreason = '{UNFILLED_REASON}' # why\n\
             [[waivers]]\nrule = \"b\"\nentry = \"x\"\nreason = \"known\"\n\
             [[waivers]]\nreason = \" \"\nrule = \"c\"\nentry = \"x\"\n"
        );
        let error = Policy::parse(&text).unwrap_err();
        assert_eq!(
            error.message,
            "2 waivers have no reason, on lines 2, 10: say in each `reason` why the finding is acceptable"
        );
        let (filled, count) = Policy::fill_reasons(&text, "it is \"right\"");
        assert_eq!(count, 2);
        assert_eq!(
            filled,
            text.replace(&format!("'{UNFILLED_REASON}'"), "'it is \"right\"'").replace("\" \"", "'it is \"right\"'")
        );
        let reasons: Vec<_> =
            Policy::parse(&filled).unwrap().settings.waivers.iter().map(|w| w.get_ref().reason.clone()).collect();
        assert_eq!(reasons, ["it is \"right\"", "known", "it is \"right\""]);
        assert_eq!(Policy::fill_reasons("x = [", "y"), ("x = [".to_owned(), 0));
    }

    #[test]
    fn a_policy_is_read_and_its_mistakes_are_refused() {
        let policy = Policy::parse(
            "[rules]\nmissing-readme = \"off\"\n[[waivers]]\nrule = \"title-style\"\nentry = \"curl\"\n\
             reason = \"its name\"\nexpires = \"2027-01-31\"\n",
        )
        .unwrap();
        assert_eq!(policy.settings.rules.values().next().map(|level| *level.get_ref()), Some(Level::Off));
        assert_eq!(policy.settings.waivers[0].get_ref().entry, "curl");
        assert_eq!(policy.settings.registry.namespace, "mcp/");
        for wrong in [
            "[rulez]\n".to_owned(),
            "[rules]\nx = \"fatal\"\n".to_owned(),
            "[[waivers]]\nrule = \"x\"\nentry = \"y\"\nreason = \" \"\n".to_owned(),
            format!("[[waivers]]\nrule = \"x\"\nentry = \"y\"\nreason = \"{UNFILLED_REASON}\"\n"),
        ] {
            assert!(Policy::parse(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn refusals_say_what_is_expected() {
        let waiver = |more: &str| format!("[[waivers]]\nrule = \"x\"\nentry = \"y\"\n{more}\n");
        let said: Vec<String> = [
            waiver("reason = \"r\"\nexpires = \"tomorrow\""),
            waiver("reason = \"r\"\nexpires = \"2027-13-01\""),
            waiver("reason = \"r\"\nexpires = 2027-01-01T00:00:00"),
            "[licenses]\nallow = [\"MITT\"]\n".to_owned(),
            "[licenses]\nallow = [\"MIT OR Apache-2.0\"]\n".to_owned(),
            "[licenses]\nallow = [\"mit\"]\n".to_owned(),
            "[registry]\nhosts = [\"https://github.com/\"]\n".to_owned(),
            "[registry]\nhosts = []\n".to_owned(),
        ]
        .iter()
        .map(|text| Policy::parse(text).unwrap_err().message)
        .collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
        `tomorrow` is not a day of the calendar, written "YYYY-MM-DD"
        `2027-13-01` is not a day of the calendar, written "YYYY-MM-DD"
        `2027-01-01T00:00:00` is not a day of the calendar, written "YYYY-MM-DD"
        `licenses.allow`: `MITT` is not the SPDX id of one licence, as `MIT` is
        `licenses.allow`: `MIT OR Apache-2.0` is not the SPDX id of one licence, as `MIT` is
        `licenses.allow`: `mit` is not the SPDX id of one licence, as `MIT` is
        `registry.hosts`: `https://github.com/` is not the name of a host: write it alone, `github.com`
        `registry.hosts` names no host, so that no source could pass: remove the key for `github.com` alone
        "#);
    }

    #[test]
    fn a_day_has_quotes_or_none() {
        for day in ["\"2027-01-31\"", "2027-01-31"] {
            let text = format!("[[waivers]]\nrule = \"x\"\nentry = \"y\"\nreason = \"r\"\nexpires = {day}\n");
            let policy = Policy::parse(&text).unwrap();
            assert_eq!(policy.settings.waivers[0].get_ref().expires, chrono::NaiveDate::from_ymd_opt(2027, 1, 31));
        }
        let lists = "[licenses]\nallow = [\"MIT\", \"LicenseRef-acme\", \"GPL-2.0-only\"]\n[registry]\nhosts = [\"git.acme.io\"]\n";
        assert!(Policy::parse(lists).is_ok());
    }
}
