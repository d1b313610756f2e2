//! What a proxy allows, as plain data, and the command line that says the same.

use super::upstreams::{Upstreams, UpstreamsError};
use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Where clients find the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listen {
    /// A Unix socket that any user may connect to: who may reach it is decided by the folder it is in.
    Socket(PathBuf),
    /// A port of this machine, on a loopback address. Port 0 is any free one.
    Loopback(SocketAddr),
}

/// An amount of money, in millionths of a US dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Micros(pub(crate) u64);

impl Micros {
    /// Reads dollars: digits, and at most six more after a point.
    ///
    /// # Errors
    /// When it is something else, or too much; in words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || "write dollars as a number, like `3` or `0.25`, with at most six digits after the point".to_owned();
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 6 {
            return Err(wrong());
        }
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        let part: u64 = format!("{part:0<6}").parse().map_err(|_| wrong())?;
        whole.checked_mul(1_000_000).and_then(|micros| micros.checked_add(part)).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// What a million tokens cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Price {
    pub(crate) input: Micros,
    pub(crate) output: Micros,
}

/// What a run may use. A call that might use more than is left is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) requests: u64,
    /// Tokens read, cached ones included.
    pub(crate) input_tokens: u64,
    /// Tokens written, those of hidden reasoning included.
    pub(crate) output_tokens: u64,
    pub(crate) cost: Option<Micros>,
    /// Calls at the same time.
    pub(crate) concurrent: usize,
    /// Bytes of one request's body.
    pub(crate) body: u64,
    /// Tokens that one call may ask to be written.
    pub(crate) tokens_per_call: u32,
}

impl Default for Limits {
    /// Enough for a review of a large repository; with today's prices some tens of dollars at the most.
    fn default() -> Self {
        Self {
            requests: 200,
            input_tokens: 5_000_000,
            output_tokens: 500_000,
            cost: None,
            concurrent: 4,
            body: 4 * 1024 * 1024,
            tokens_per_call: 64_000,
        }
    }
}

/// Another name that requests may call a model by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alias {
    /// What requests say. No model of the run has this name.
    pub(crate) name: String,
    /// What is sent on, priced and audited: one of [`Options::models`].
    pub(crate) model: String,
}

impl Alias {
    /// Reads `NAME=MODEL`.
    ///
    /// # Errors
    /// When it has no `=`; in words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, model) = text.split_once('=').ok_or("write `NAME=MODEL`: what requests say, and what is sent on")?;
        Ok(Self { name: name.to_owned(), model: model.to_owned() })
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.model)
    }
}

/// How a proxy is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) listen: Listen,
    /// The file that gets the audit lines; standard output without one.
    pub(crate) audit: Option<PathBuf>,
    /// The models that may be asked for.
    pub(crate) models: Vec<String>,
    pub(crate) aliases: Vec<Alias>,
    pub(crate) upstreams: Upstreams,
    pub(crate) limits: Limits,
    pub(crate) price: Option<Price>,
    /// The time that one call may take, its stream included. Whole seconds.
    pub(crate) timeout: Duration,
    /// The time after which every call is refused. Whole seconds.
    pub(crate) lifetime: Duration,
    /// The time that a request's head may take to arrive, and then its body. Whole seconds.
    pub(crate) read_timeout: Duration,
}

/// [`Options::timeout`] unless said otherwise.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// [`Options::lifetime`] unless said otherwise: longer than the longest review.
pub(crate) const DEFAULT_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// [`Options::read_timeout`] unless said otherwise.
pub(crate) const DEFAULT_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The most calls at the same time: as many as connections.
pub(super) const MAX_CONCURRENT: u64 = 256;
/// The longest time: a week, which nobody waits for and which every clock can count.
const MAX_SECONDS: u64 = 7 * 24 * 60 * 60;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OptionsError {
    /// The address is one that others can reach.
    #[error("{0} is not a loopback address; the proxy listens on this machine only")]
    NotLoopback(SocketAddr),
    /// No model.
    #[error("no model is named; the proxy takes calls to named models only")]
    NoModel,
    /// A model's name cannot be one.
    #[error("a model's name has 1 to 200 letters, digits and `-._:/@`")]
    ModelName,
    /// An alias stands for a model that is not one of the run.
    #[error("`--model-alias {0}`: name the model with `--model`, too")]
    AliasOfNothing(Alias),
    /// An alias is the name of a model, or of another alias.
    #[error("`--model-alias {0}`: another model or alias has this name")]
    AliasTaken(Alias),
    #[error(transparent)]
    Upstreams(#[from] UpstreamsError),
    /// A number is out of its range.
    #[error("`--{0}` must be {1} to {2}")]
    Range(&'static str, u64, u64),
    /// Money is bounded, and nobody knows what anything costs.
    #[error("`--max-cost` needs `--input-price` and `--output-price`")]
    NoPrice,
}

impl Options {
    /// Whether all of it can be.
    ///
    /// # Errors
    /// With the first thing that cannot.
    pub(crate) fn check(&self) -> Result<(), OptionsError> {
        if let Listen::Loopback(address) = &self.listen
            && !address.ip().is_loopback()
        {
            return Err(OptionsError::NotLoopback(*address));
        }
        if self.models.is_empty() {
            return Err(OptionsError::NoModel);
        }
        let named = |model: &String| {
            (1..=200).contains(&model.len())
                && model.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:/@".contains(&byte))
        };
        if !self.models.iter().chain(self.aliases.iter().map(|alias| &alias.name)).all(named) {
            return Err(OptionsError::ModelName);
        }
        let mut taken: BTreeSet<&String> = self.models.iter().collect();
        for alias in &self.aliases {
            if !self.models.contains(&alias.model) {
                return Err(OptionsError::AliasOfNothing(alias.clone()));
            }
            if !taken.insert(&alias.name) {
                return Err(OptionsError::AliasTaken(alias.clone()));
            }
        }
        self.upstreams.check()?;
        let concurrent = u64::try_from(self.limits.concurrent).unwrap_or(u64::MAX);
        for (name, value, most) in [
            ("max-concurrent", concurrent, MAX_CONCURRENT),
            ("timeout", self.timeout.as_secs(), MAX_SECONDS),
            ("lifetime", self.lifetime.as_secs(), MAX_SECONDS),
            ("read-timeout", self.read_timeout.as_secs(), MAX_SECONDS),
        ] {
            if !(1..=most).contains(&value) {
                return Err(OptionsError::Range(name, 1, most));
            }
        }
        match (self.limits.cost, self.price) {
            (Some(_), None) => Err(OptionsError::NoPrice),
            _ => Ok(()),
        }
    }

    /// The arguments of `mcp-registry` that start a proxy with these options: `proxy` is the first.
    #[must_use]
    pub(crate) fn to_args(&self) -> Vec<String> {
        let mut args = vec!["proxy".to_owned()];
        // One argument for name and value: a value that begins with `--` stays a value.
        let mut say = |name: &str, value: &dyn fmt::Display| args.push(format!("--{name}={value}"));
        match &self.listen {
            Listen::Socket(path) => say("socket", &path.display()),
            Listen::Loopback(address) => say("listen", address),
        }
        if let Some(path) = &self.audit {
            say("audit", &path.display());
        }
        self.models.iter().for_each(|model| say("model", model));
        self.aliases.iter().for_each(|alias| say("model-alias", alias));
        self.upstreams.say(&mut say);
        let limits = &self.limits;
        say("max-requests", &limits.requests);
        say("max-input-tokens", &limits.input_tokens);
        say("max-output-tokens", &limits.output_tokens);
        say("max-concurrent", &limits.concurrent);
        say("max-body", &limits.body);
        say("max-tokens-per-call", &limits.tokens_per_call);
        if let Some(cost) = limits.cost {
            say("max-cost", &cost);
        }
        if let Some(price) = self.price {
            say("input-price", &price.input);
            say("output-price", &price.output);
        }
        say("timeout", &self.timeout.as_secs());
        say("lifetime", &self.lifetime.as_secs());
        say("read-timeout", &self.read_timeout.as_secs());
        if self.upstreams.allow_http {
            args.push("--allow-http-upstream".to_owned());
        }
        args
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Alias, Micros};

    #[test]
    fn money_is_read_to_the_millionth() {
        for (text, micros) in [("3", 3_000_000), ("0.25", 250_000), ("1.000001", 1_000_001), ("0", 0)] {
            assert_eq!(Micros::parse(text).unwrap(), Micros(micros), "{text}");
        }
        for text in ["", "-1", "1.", ".5", "1e3", "1.0000001", "1,5", "99999999999999", "$3"] {
            assert!(Micros::parse(text).is_err(), "{text}");
        }
        assert_eq!(Micros(1_250_000).to_string(), "1.250000");
    }

    #[test]
    fn an_alias_has_two_sides() {
        let alias = Alias { name: "a".to_owned(), model: "b=c".to_owned() };
        assert_eq!((Alias::parse("a=b=c"), alias.to_string().as_str()), (Ok(alias), "a=b=c"));
        assert!(Alias::parse("a").is_err());
    }
}
