//! What is attached, sorted into what one of our keys signed and what it did not.

use super::problem::{Problem, Repair};
use super::rules::{self, Id};
use super::{Expectations, Facts};
use crate::oci::media_types;
use crate::sign::attached::{Layer, Lost, Referrer, Tag, Unusable, Where, artifact_type};
use crate::sign::bundle::{BUNDLE, PREDICATE_ANNOTATION};
use crate::sign::dsse::{Envelope, IN_TOTO};
use crate::sign::key::PublicKey;
use crate::sign::log::{LayerEntry, LogEntry, Logged};
use crate::sign::payload::{COSIGN_TYPE, Payload};
use crate::sign::readable;
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
    /// The name that it says.
    pub(super) name: Option<String>,
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
        for problem in &facts.problems {
            let problem = Problem::new(&rules::DAMAGED_ATTACHMENT, problem.clone());
            ours.problems
                .push(problem.help("the image registry has lost or changed the image: build and push it again"));
        }
        facts.attached.lost.iter().for_each(|lost| ours.lost(lost));
        for stray in &facts.attached.strays {
            ours.problems.push(Problem::new(&rules::UNRELATED_REFERRER, stray.clone()));
        }
        let mut seen = Vec::new();
        for layer in &facts.attached.layers {
            let before = ours.foreign.count();
            let repair = ours.layer(layer, facts, expected);
            if !layer.is_of_tag() && layer.bytes.is_ok() {
                continue;
            }
            let key = (layer.tag, layer.descriptor.digest.clone(), layer.signature());
            if ours.foreign.count() == before && seen.contains(&key) {
                let message = format!("layer {} of `{}` is there twice", layer.index, layer.tag.of(&facts.digest));
                ours.say(&rules::DUPLICATE_LAYER, message, repair);
            }
            seen.push(key);
        }
        for referrer in &facts.attached.referrers {
            ours.referrer(referrer, facts, expected);
        }
        ours
    }

    fn say(&mut self, rule: &'static Id, message: String, repair: Repair) {
        self.problems.push(Problem::new(rule, message).by(repair));
    }

    /// What nothing but finding out who did it helps against.
    fn alarm(&mut self, rule: &'static Id, message: String) {
        self.problems.push(Problem::new(rule, message));
    }

    fn lost(&mut self, lost: &Lost) {
        let repair = match lost.place {
            Where::Tag(Tag::Sig) => Repair::Signature,
            Where::Tag(Tag::Att) => Repair::Claim(None),
            Where::Referrer(_) => of_kind(lost.listed_as().unwrap_or(COSIGN_SIGN)),
            Where::List { api: false } => Repair::Signature,
            Where::List { api: true } => {
                let problem = Problem::new(&rules::DAMAGED_ATTACHMENT, lost.problem.clone());
                return self
                    .problems
                    .push(problem.help("the image registry makes this list itself: ask its operators"));
            }
            Where::Rest => {
                let problem = Problem::new(&rules::DAMAGED_ATTACHMENT, lost.problem.clone());
                return self.problems.push(problem.help("remove those that nobody needs from the image registry"));
            }
        };
        self.say(&rules::DAMAGED_ATTACHMENT, lost.problem.clone(), repair);
    }

    /// Judges a layer. What would write it anew.
    fn layer(&mut self, layer: &Layer, facts: &Facts, expected: &Expectations) -> Repair {
        let place = format!("layer {} of `{}`", layer.index, layer.tag.of(&facts.digest));
        let listed = || Repair::Claim(layer.listed_as().map(str::to_owned));
        let repair = if layer.tag == Tag::Sig { Repair::Signature } else { listed() };
        let bytes = match &layer.bytes {
            Ok(bytes) => bytes,
            Err(problem) => {
                self.say(&rules::DAMAGED_ATTACHMENT, format!("{place}: {problem}"), repair.clone());
                return repair;
            }
        };
        if !layer.is_of_tag() {
            return repair;
        }
        let log = layer.log().map(|text| serde_json::from_str::<LayerEntry>(text).ok());
        let log = log.map_or(Entry::None, |entry| match entry {
            Some(entry) => Entry::Promised(LogEntry::from_layer(&entry)),
            None => Entry::Garbage,
        });
        match layer.tag {
            Tag::Sig => {
                let key = layer.signature().and_then(|signature| {
                    let key = expected.keys.iter().find(|key| key.verifies(bytes, &signature))?;
                    Some((key, signature))
                });
                let Some((key, signature)) = key else {
                    self.foreign.sig += 1;
                    return repair;
                };
                let Some(payload) = self.payload(bytes, &place, facts) else { return repair };
                let about = Logged { payload: bytes, signature: &signature, key };
                let logged = self.log(&log, about, (&place, &repair), expected);
                self.form(readable::layer(layer), &place, &repair);
                let annotations = payload.optional.unwrap_or_default();
                let name = Some(payload.critical.identity.docker_reference);
                self.signatures.push(Signature { place: Place::Tag, annotations, name, logged });
                repair
            }
            Tag::Att => match layer.envelope() {
                Some(envelope) => {
                    let listed = layer.listed_as();
                    let (before, place) = (self.foreign.count(), (Place::Tag, place.as_str()));
                    let repair = self.envelope(&envelope, place, listed, &log, facts, expected).unwrap_or(repair);
                    if self.foreign.count() == before {
                        self.form(readable::layer(layer), place.1, &repair);
                    }
                    repair
                }
                None => {
                    self.foreign.att += 1;
                    repair
                }
            },
        }
    }

    /// A signed payload; none when it is not about the image.
    fn payload(&mut self, bytes: &[u8], place: &str, facts: &Facts) -> Option<Payload> {
        let payload: Payload = match serde_json::from_slice(bytes) {
            Ok(payload) => payload,
            Err(error) => {
                self.alarm(&rules::INVALID_PAYLOAD, format!("{place} is signed and cannot be read: {error}"));
                return None;
            }
        };
        if payload.critical.kind != COSIGN_TYPE {
            self.alarm(&rules::INVALID_PAYLOAD, format!("{place} is signed as `{}`", payload.critical.kind));
            return None;
        }
        let signed = &payload.critical.image.docker_manifest_digest;
        if *signed != facts.digest.as_str() {
            self.alarm(&rules::DIGEST_MISMATCH, format!("{place} is a signature of `{signed}`, not of this image"));
            return None;
        }
        Some(payload)
    }

    fn referrer(&mut self, referrer: &Referrer, facts: &Facts, expected: &Expectations) {
        let place = format!("the referrer {}", referrer.descriptor.digest);
        let wrong = wrongly_listed(referrer, facts);
        let bundle = match &referrer.bundle {
            Ok(bundle) => bundle,
            Err(Unusable::Damaged(problem)) => {
                let repair = of_kind(referrer.listed_as().unwrap_or(COSIGN_SIGN));
                return self.say(&rules::DAMAGED_ATTACHMENT, format!("{place}: {problem}"), repair);
            }
            Err(Unusable::Malformed(_)) => return self.stranger(wrong),
        };
        let Some(envelope) = &bundle.dsse_envelope else { return self.stranger(wrong) };
        let before = self.foreign.count();
        let annotation = referrer.manifest.annotations.get(PREDICATE_ANNOTATION).map(String::as_str);
        let log = bundle.verification_material.tlog_entries.first();
        let log = log.map_or(Entry::None, |entry| match LogEntry::from_bundle(entry) {
            Some(entry) => Entry::Promised(entry),
            None if LogEntry::is_unpromised(entry) => Entry::Unpromised,
            None => Entry::Garbage,
        });
        let repair = self.envelope(envelope, (Place::Bundle, &place), annotation, &log, facts, expected);
        if self.foreign.count() > before {
            self.foreign.bundles -= 1;
            return self.stranger(wrong);
        }
        let repair = repair.unwrap_or(Repair::Signature);
        self.form(referrer.defect.clone(), &place, &repair);
        for (rule, message) in wrong {
            self.say(rule, message, repair.clone());
        }
        // What cosign 3 writes into the fallback index.
        if matches!(referrer.descriptor.artifact_type.as_deref(), None | Some(media_types::EMPTY)) {
            let message = format!("{place} is listed without the type of a bundle");
            self.problems.push(Problem::new(&rules::UNTYPED_REFERRER, message));
        }
    }

    /// A bundle that is by none of our keys: what is wrong with its place in the list is a note, as it is itself.
    fn stranger(&mut self, wrong: Vec<(&'static Id, String)>) {
        self.foreign.bundles += 1;
        let notes = wrong.into_iter().map(|(_, message)| Problem::new(&rules::UNRELATED_REFERRER, message));
        self.problems.extend(notes);
    }

    /// Judges an envelope. What would write it anew, if it is by one of our keys.
    fn envelope(
        &mut self,
        envelope: &Envelope,
        (place, shown): (Place, &str),
        annotation: Option<&str>,
        log: &Entry,
        facts: &Facts,
        expected: &Expectations,
    ) -> Option<Repair> {
        let signed = expected.keys.iter().find_map(|key| Some((key, envelope.signature_by(key)?)));
        let Some(((key, signature), payload)) = signed.zip(envelope.payload()) else {
            match place {
                Place::Tag => self.foreign.att += 1,
                Place::Bundle => self.foreign.bundles += 1,
            }
            return None;
        };
        if envelope.payload_type != IN_TOTO {
            self.alarm(&rules::INVALID_PAYLOAD, format!("{shown} is signed as `{}`", envelope.payload_type));
            return None;
        }
        let statement = match Statement::parse(&payload) {
            Ok(statement) => statement,
            Err(reason) => {
                self.alarm(&rules::INVALID_PAYLOAD, format!("{shown} is signed and cannot be read: {reason}"));
                return None;
            }
        };
        let kind = &statement.predicate_type;
        let repair = of_kind(kind);
        let Some(subject) = statement.subject(&facts.digest) else {
            let message = format!("{shown} is about {}, not about this image", statement.digests());
            self.alarm(&rules::SUBJECT_MISMATCH, message);
            return Some(repair);
        };
        if let Some(annotation) = annotation.filter(|annotation| annotation != kind) {
            let message = format!("{shown} is listed as `{annotation}`, and what is signed is `{kind}`");
            self.say(&rules::PREDICATE_MISMATCH, message, repair.clone());
        }
        let about = Logged { payload: &payload, signature: &signature, key };
        let logged = self.log(log, about, (shown, &repair), expected);
        if *kind == COSIGN_SIGN {
            let annotations = subject.annotations.clone().unwrap_or_default();
            let name = subject.name.clone();
            self.signatures.push(Signature { place, annotations, name, logged });
        } else {
            self.attestations.push(Attestation { place, statement });
        }
        Some(repair)
    }

    /// What is signed by the key, and readers refuse for how it is written.
    fn form(&mut self, defect: Option<String>, place: &str, repair: &Repair) {
        if let Some(defect) = defect {
            let message = format!("{place} is signed by the key, and readers refuse it: {defect}");
            self.say(&rules::DAMAGED_ATTACHMENT, message, repair.clone());
        }
    }

    /// Judges the entry of a log. Whether there is one about the signature.
    fn log(
        &mut self,
        entry: &Entry,
        about: Logged<'_>,
        (place, repair): (&str, &Repair),
        expected: &Expectations,
    ) -> bool {
        let checked = match entry {
            Entry::None if expected.logs.is_empty() => return false,
            Entry::None => {
                let message = format!("{place} has no entry of a transparency log");
                self.problems.push(Problem::new(&rules::UNLOGGED_SIGNATURE, message).completed_by(repair.clone()));
                return false;
            }
            Entry::Unpromised if expected.logs.is_empty() => return true,
            Entry::Garbage | Entry::Unpromised => Err("it cannot be read".to_owned()),
            // Whether a log has it, nobody can say; what it is about, everybody.
            Entry::Promised(entry) if expected.logs.is_empty() => entry.is_about(about),
            Entry::Promised(entry) => any_log(&expected.logs, entry, about),
        };
        let is_about = checked.is_ok() || matches!(entry, Entry::Promised(entry) if entry.is_about(about).is_ok());
        if let Err(reason) = checked {
            let message = format!("the log entry of {place} does not prove it: {reason}");
            self.say(&rules::LOG_MISMATCH, message, repair.clone());
        }
        is_about
    }
}

/// The entry of a transparency log beside a signature.
#[derive(Debug)]
enum Entry {
    None,
    /// With the promise of a log.
    Promised(LogEntry),
    /// With a proof and no promise.
    Unpromised,
    /// Something that cannot be read.
    Garbage,
}

/// What writes statements of this type anew.
fn of_kind(kind: &str) -> Repair {
    if kind == COSIGN_SIGN { Repair::Signature } else { Repair::Claim(Some(kind.to_owned())) }
}

/// What is wrong with a bundle's place in the list of referrers, whoever has signed it.
fn wrongly_listed(referrer: &Referrer, facts: &Facts) -> Vec<(&'static Id, String)> {
    let Referrer { descriptor, manifest, size, doubled, .. } = referrer;
    let place = format!("the referrer {}", descriptor.digest);
    let mut wrong: Vec<(&'static Id, String)> = Vec::new();
    let mut say = |message: String| wrong.push((&rules::WRONG_REFERRER, message));
    if !referrer.is_about(&facts.digest) {
        let subject = manifest.subject.as_ref();
        let subject = subject.map_or_else(|| "nothing".to_owned(), |subject| subject.digest.to_string());
        say(format!("{place} is listed for this image, and refers to {subject}"));
    }
    if let Some(other) =
        descriptor.artifact_type.as_deref().filter(|kind| !matches!(*kind, BUNDLE | media_types::EMPTY))
    {
        say(format!("{place} is a bundle, and is listed as `{other}`"));
    }
    if descriptor.size != *size {
        say(format!("{place} has {size} bytes, and is listed with a size of {}", descriptor.size));
    }
    if descriptor.media_type != media_types::MANIFEST {
        say(format!("{place} is a manifest, and is listed as `{}`", descriptor.media_type));
    }
    if artifact_type(manifest) != BUNDLE {
        say(format!("{place} is a bundle, and its manifest says `{}`", artifact_type(manifest)));
    }
    if *doubled {
        wrong.push((&rules::DUPLICATE_LAYER, format!("{place} is listed twice")));
    }
    wrong
}

fn any_log(logs: &[PublicKey], entry: &LogEntry, about: Logged<'_>) -> Result<(), String> {
    let of_log = logs.iter().find(|log| log.id() == entry.log_id).or(logs.first());
    of_log.map_or_else(|| Err("no log is trusted".to_owned()), |log| entry.check(log, about))
}
