//! What is attached, sorted into what one of our keys signed and what it did not.

use super::problem::Problem;
use super::rules::{self, Id};
use super::{Expectations, Facts};
use crate::sign::attached::{Layer, Referrer, Tag, Unusable};
use crate::sign::bundle::{BUNDLE, PREDICATE_ANNOTATION};
use crate::sign::dsse::{Envelope, IN_TOTO};
use crate::sign::key::PublicKey;
use crate::sign::log::{LayerEntry, LogEntry, Logged};
use crate::sign::payload::{COSIGN_TYPE, Payload};
use crate::sign::statement::{COSIGN_SIGN, Statement};
use serde_json::{Map, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Tag,
    Bundle,
}

/// A signature by one of our keys that is about the image.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Signature {
    pub(super) place: Place,
    pub(super) annotations: Map<String, Value>,
    pub(super) logged: bool,
}

/// An attestation by one of our keys that is about the image.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attestation {
    pub(super) place: Place,
    pub(super) statement: Statement,
}

/// How much there is that none of our keys verifies: of others, or of ours and changed. Nobody can tell which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Foreign {
    pub(super) sig: usize,
    pub(super) att: usize,
    pub(super) bundles: usize,
}

impl Foreign {
    pub(super) fn count(self) -> usize {
        self.sig + self.att + self.bundles
    }
}

/// Everything of ours, and how much of others'.
#[derive(Debug, Default)]
pub(super) struct Ours {
    pub(super) signatures: Vec<Signature>,
    pub(super) attestations: Vec<Attestation>,
    /// Signatures and attestations that none of our keys verifies.
    pub(super) foreign: Foreign,
    pub(super) problems: Vec<Problem>,
}

impl Ours {
    pub(super) fn of(facts: &Facts, expected: &Expectations) -> Self {
        let mut ours = Self::default();
        let damaged = facts.attached.problems.iter().chain(&facts.problems);
        for problem in damaged {
            ours.say(&rules::DAMAGED_ATTACHMENT, problem.clone());
        }
        let mut seen = Vec::new();
        for layer in &facts.attached.layers {
            let before = ours.foreign.count();
            ours.layer(layer, facts, expected);
            let key = (layer.tag, layer.descriptor.digest.clone(), layer.signature());
            if ours.foreign.count() == before && seen.contains(&key) {
                let message = format!("layer {} of `{}` is there twice", layer.index, layer.tag.of(&facts.digest));
                ours.say(&rules::DUPLICATE_LAYER, message);
            }
            seen.push(key);
        }
        for referrer in &facts.attached.referrers {
            ours.referrer(referrer, facts, expected);
        }
        ours
    }

    fn say(&mut self, rule: &'static Id, message: String) {
        self.problems.push(Problem::new(rule, message));
    }

    fn layer(&mut self, layer: &Layer, facts: &Facts, expected: &Expectations) {
        let place = format!("layer {} of `{}`", layer.index, layer.tag.of(&facts.digest));
        let bytes = match &layer.bytes {
            Ok(bytes) => bytes,
            Err(problem) => return self.say(&rules::DAMAGED_ATTACHMENT, format!("{place}: {problem}")),
        };
        let log = layer.log().map(|text| serde_json::from_str::<LayerEntry>(text).ok());
        let log = log.map(|entry| entry.as_ref().map(LogEntry::from_layer));
        match layer.tag {
            Tag::Sig => {
                let Some(signature) = layer.signature() else { return self.foreign.sig += 1 };
                let Some(key) = expected.keys.iter().find(|key| key.verifies(bytes, &signature)) else {
                    return self.foreign.sig += 1;
                };
                let Some(annotations) = self.payload(bytes, &place, facts) else { return };
                let about = Logged { payload: bytes, signature: &signature, key };
                let logged = self.log(log, about, &place, expected);
                self.signatures.push(Signature { place: Place::Tag, annotations, logged });
            }
            Tag::Att => {
                let Some(envelope) = layer.envelope() else { return self.foreign.att += 1 };
                let annotation = layer.descriptor.annotations.get("predicateType").map(String::as_str);
                self.envelope(&envelope, (Place::Tag, &place), annotation, log, facts, expected);
            }
        }
    }

    /// The annotations of a signed payload; none when it is not about the image.
    fn payload(&mut self, bytes: &[u8], place: &str, facts: &Facts) -> Option<Map<String, Value>> {
        let payload: Payload = match serde_json::from_slice(bytes) {
            Ok(payload) => payload,
            Err(error) => {
                self.say(&rules::INVALID_PAYLOAD, format!("{place} is signed and cannot be read: {error}"));
                return None;
            }
        };
        if payload.critical.kind != COSIGN_TYPE {
            self.say(&rules::INVALID_PAYLOAD, format!("{place} is signed as `{}`", payload.critical.kind));
            return None;
        }
        let signed = &payload.critical.image.docker_manifest_digest;
        if *signed != facts.digest.as_str() {
            self.say(&rules::DIGEST_MISMATCH, format!("{place} is a signature of `{signed}`, not of this image"));
            return None;
        }
        Some(payload.optional.unwrap_or_default())
    }

    fn referrer(&mut self, referrer: &Referrer, facts: &Facts, expected: &Expectations) {
        let place = format!("the referrer {}", referrer.descriptor.digest);
        let bundle = match &referrer.bundle {
            Ok(bundle) => bundle,
            Err(Unusable::Damaged(problem)) => {
                return self.say(&rules::DAMAGED_ATTACHMENT, format!("{place}: {problem}"));
            }
            Err(Unusable::Malformed(_)) => return self.foreign.bundles += 1,
        };
        let Some(envelope) = &bundle.dsse_envelope else { return self.foreign.bundles += 1 };
        let before = self.foreign.count();
        let annotation = referrer.manifest.annotations.get(PREDICATE_ANNOTATION).map(String::as_str);
        let log = bundle.verification_material.tlog_entries.first().map(LogEntry::from_bundle);
        self.envelope(envelope, (Place::Bundle, &place), annotation, log, facts, expected);
        if self.foreign.count() > before {
            return;
        }
        let subject = referrer.manifest.subject.as_ref().map(|subject| &subject.digest);
        if subject != Some(&facts.digest) {
            let subject = subject.map_or_else(|| "nothing".to_owned(), ToString::to_string);
            self.say(&rules::WRONG_REFERRER, format!("{place} is listed for this image, and refers to {subject}"));
        }
        match referrer.descriptor.artifact_type.as_deref() {
            Some(BUNDLE) => {}
            // What cosign 3 writes into the fallback index.
            None | Some(crate::oci::media_types::EMPTY) => {
                self.say(&rules::UNTYPED_REFERRER, format!("{place} is listed without the type of a bundle"));
            }
            Some(other) => {
                self.say(&rules::WRONG_REFERRER, format!("{place} is a bundle, and is listed as `{other}`"));
            }
        }
    }

    fn envelope(
        &mut self,
        envelope: &Envelope,
        (place, shown): (Place, &str),
        annotation: Option<&str>,
        log: Option<Option<LogEntry>>,
        facts: &Facts,
        expected: &Expectations,
    ) {
        let signed = expected.keys.iter().find_map(|key| Some((key, envelope.signature_by(key)?)));
        let Some(((key, signature), payload)) = signed.zip(envelope.payload()) else {
            match place {
                Place::Tag => self.foreign.att += 1,
                Place::Bundle => self.foreign.bundles += 1,
            }
            return;
        };
        if envelope.payload_type != IN_TOTO {
            return self.say(&rules::INVALID_PAYLOAD, format!("{shown} is signed as `{}`", envelope.payload_type));
        }
        let statement = match Statement::parse(&payload) {
            Ok(statement) => statement,
            Err(reason) => {
                return self.say(&rules::INVALID_PAYLOAD, format!("{shown} is signed and cannot be read: {reason}"));
            }
        };
        let Some(subject) = statement.subject(&facts.digest) else {
            let message = format!("{shown} is about {}, not about this image", statement.digests());
            return self.say(&rules::SUBJECT_MISMATCH, message);
        };
        if annotation.is_some_and(|annotation| annotation != statement.predicate_type) {
            let message = format!(
                "{shown} is listed as `{}`, and what is signed is `{}`",
                annotation.unwrap_or_default(),
                statement.predicate_type
            );
            self.say(&rules::PREDICATE_MISMATCH, message);
        }
        let about = Logged { payload: &payload, signature: &signature, key };
        let logged = self.log(log, about, shown, expected);
        if statement.predicate_type == COSIGN_SIGN {
            let annotations = subject.annotations.clone().unwrap_or_default();
            self.signatures.push(Signature { place, annotations, logged });
        } else {
            self.attestations.push(Attestation { place, statement });
        }
    }

    /// Judges the entry of a log. Whether there is one.
    fn log(
        &mut self,
        entry: Option<Option<LogEntry>>,
        about: Logged<'_>,
        place: &str,
        expected: &Expectations,
    ) -> bool {
        let checked = match &entry {
            None if expected.logs.is_empty() => return false,
            None => return self.unlogged(place),
            Some(_) if expected.logs.is_empty() => return true,
            Some(None) => Err("it cannot be read".to_owned()),
            Some(Some(entry)) => any_log(&expected.logs, entry, about),
        };
        if let Err(reason) = checked {
            self.say(&rules::LOG_MISMATCH, format!("the log entry of {place} does not prove it: {reason}"));
        }
        true
    }

    fn unlogged(&mut self, place: &str) -> bool {
        self.say(&rules::UNLOGGED_SIGNATURE, format!("{place} has no entry of a transparency log"));
        false
    }
}

fn any_log(logs: &[PublicKey], entry: &LogEntry, about: Logged<'_>) -> Result<(), String> {
    let of_log = logs.iter().find(|log| log.id() == entry.log_id).or(logs.first());
    of_log.map_or_else(|| Err("no log is trusted".to_owned()), |log| entry.check(log, about))
}
