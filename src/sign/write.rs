//! A signature or attestation in each layout: written unless it is there, or in place of what this key has written before.

use super::attach::{self, Change, NewLayer};
use super::attached::{Attached, Layer, Lost, Referrer, TYPE_ANNOTATION, Tag, Unusable, Where};
use super::bundle::{BUNDLE, Bundle};
use super::dsse::Envelope;
use super::log::{self, LogEntry, Logged};
use super::payload::{LOG_ANNOTATION, Payload, SIGNATURE_ANNOTATION, SIMPLE_SIGNING};
use super::readable;
use super::statement::{COSIGN_SIGN, Statement};
use super::{InLayout, Outcome, SignError, Signer, Target};
use crate::ids::Digest;
use crate::oci::OciError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What is there of a signature or attestation in one layout.
struct There<'a, T> {
    /// Whether one is as it is to be.
    present: bool,
    /// What the new one takes the place of.
    old: Vec<&'a T>,
}

impl<T> There<'_, T> {
    fn is_done<B>(&self, broken: &[B]) -> bool {
        self.present && self.old.is_empty() && broken.is_empty()
    }
}

impl Signer<'_> {
    /// Writes the layer of a signature, unless it is there.
    pub(super) async fn sig(
        &self,
        target: &Target,
        attached: &Attached,
        payload: &[u8],
    ) -> Result<InLayout, SignError> {
        if !self.layouts.tags {
            return Ok(Outcome::Skipped.into());
        }
        let mut payload = Bytes::copy_from_slice(payload);
        let mut layers: Vec<&Layer> = attached.layers.iter().filter(|layer| layer.tag == Tag::Sig).collect();
        if self.replace && attached.layers.iter().any(|layer| is_lost(layer, &payload)) {
            // Its bytes are known, and others may have signed them, too: perhaps the registry takes them again.
            let given_back = target.signatures.give_back(SIMPLE_SIGNING, &payload).await?;
            if given_back {
                layers.retain(|layer| !is_lost(layer, &payload) || self.has_signed(layer, &payload));
            } else {
                // What is signed gets another digest, and says the same.
                payload = [&payload[..], b"\n"].concat().into();
            }
        }
        let there = self.sort(
            &layers,
            |layer| self.is_same_layer(layer, &payload),
            |layer| layer.log().is_some(),
            |layer| self.is_ours(layer),
        );
        let others = there.old.iter().filter_map(|layer| other_payload(layer.bytes.as_ref().ok()?, &payload));
        let mut notes: Vec<String> = others.collect();
        notes.extend(self.dropped_log(there.old.iter().any(|layer| layer.log().is_some())));
        let broken = layers.iter().filter(|layer| self.replace && layer.bytes.is_err()).copied();
        let broken: Vec<&Layer> = broken.collect();
        let overwrites = lost_tag(attached, Tag::Sig);
        if there.is_done(&broken) && overwrites.is_empty() {
            return Ok(Outcome::Present.into());
        }
        let mut new = Vec::new();
        if !there.present {
            let signature = self.key.sign(&payload)?;
            let mut annotations = BTreeMap::from([(SIGNATURE_ANNOTATION.to_owned(), STANDARD.encode(&signature))]);
            if let Some(log) = self.log {
                let about = Logged { payload: &payload, signature: &signature, key: self.key.public() };
                let entry = log.enter(&log::hashed_rekord(about)).await?;
                annotations.insert(LOG_ANNOTATION.to_owned(), serde_json::to_string(&entry.to_layer())?);
            }
            new.push(NewLayer { bytes: payload, annotations });
        }
        let written = self.write_layers(target, Tag::Sig, new, (there.old, broken), overwrites).await?;
        Ok(InLayout { notes, ..written })
    }

    /// Sends the payload that [`Signer::sig`] will sign, if that is known already.
    pub(super) async fn send_payload(
        &self,
        target: &Target,
        attached: &Attached,
        payload: &[u8],
    ) -> Result<(), SignError> {
        let is_there = |layer: &Layer| layer.tag == Tag::Sig && self.is_same_layer(layer, payload);
        if self.layouts.tags && !self.replace && !attached.layers.iter().any(is_there) {
            target.signatures.push_new_blob(SIMPLE_SIGNING, &Bytes::copy_from_slice(payload)).await?;
        }
        Ok(())
    }

    fn is_same_layer(&self, layer: &Layer, payload: &[u8]) -> bool {
        // With a line feed behind it, it is the same: see above.
        layer.bytes.as_ref().is_ok_and(|bytes| bytes.trim_ascii_end() == payload.trim_ascii_end())
            && self.is_ours(layer)
            && readable::layer(layer).is_none()
    }

    fn is_ours(&self, layer: &Layer) -> bool {
        layer.bytes.as_ref().is_ok_and(|bytes| self.has_signed(layer, bytes))
    }

    fn has_signed(&self, layer: &Layer, bytes: &[u8]) -> bool {
        layer.signature().is_some_and(|signature| self.key.public().verifies(bytes, &signature))
    }

    /// Writes the layer of an attestation, unless it is there.
    pub(crate) async fn att(
        &self,
        target: &Target,
        attached: &Attached,
        statement: &[u8],
        kind: &str,
    ) -> Result<InLayout, SignError> {
        if !self.layouts.tags {
            return Ok(Outcome::Skipped.into());
        }
        let layers: Vec<&Layer> = attached.layers.iter().filter(|layer| layer.tag == Tag::Att).collect();
        let is_listed = |layer: &Layer| !self.replace || layer.listed_as().is_none_or(|listed| listed == kind);
        let there = self.sort(
            &layers,
            |layer| {
                is_listed(layer)
                    && layer.envelope().is_some_and(|envelope| self.is_same(&envelope, statement))
                    && readable::layer(layer).is_none()
            },
            |layer| layer.log().is_some(),
            |layer| layer.envelope().is_some_and(|envelope| self.is_of_kind(&envelope, kind)),
        );
        let is_broken = |layer: &&&Layer| layer.bytes.is_err() && layer.listed_as().is_none_or(|listed| listed == kind);
        let broken: Vec<&Layer> = layers.iter().filter(|_| self.replace).filter(is_broken).copied().collect();
        let overwrites = lost_tag(attached, Tag::Att);
        if there.is_done(&broken) && overwrites.is_empty() {
            return Ok(Outcome::Present.into());
        }
        let mut new = Vec::new();
        if !there.present {
            let (envelope, entry) = self.envelope(statement).await?;
            let mut annotations = BTreeMap::from([
                (SIGNATURE_ANNOTATION.to_owned(), String::new()),
                (TYPE_ANNOTATION.to_owned(), kind.to_owned()),
            ]);
            if let Some(entry) = entry {
                annotations.insert(LOG_ANNOTATION.to_owned(), serde_json::to_string(&entry.to_layer())?);
            }
            new.push(NewLayer { bytes: serde_json::to_vec(&envelope)?.into(), annotations });
        }
        let dropped = self.dropped_log(there.old.iter().any(|layer| layer.log().is_some()));
        let written = self.write_layers(target, Tag::Att, new, (there.old, broken), overwrites).await?;
        Ok(InLayout { notes: dropped.into_iter().collect(), ..written })
    }

    async fn write_layers(
        &self,
        target: &Target,
        tag: Tag,
        new: Vec<NewLayer>,
        (old, broken): (Vec<&Layer>, Vec<&Layer>),
        overwrites: Vec<String>,
    ) -> Result<InLayout, SignError> {
        let name = tag.of(&target.digest);
        let why = |layer: &&Layer| {
            let problem = layer.bytes.as_ref().err()?;
            Some(format!("layer {} of `{name}`: {problem}", layer.index))
        };
        let told: Vec<String> = broken.iter().filter_map(why).chain(overwrites).collect();
        let out = [&old[..], &broken[..]].concat();
        attach::append(&target.signatures, tag, &target.digest, new, &out, self.replace).await?;
        let replaced = if self.replace { old.len() } else { 0 };
        Ok(InLayout { outcome: Outcome::Written, replaced, broken: told, notes: Vec::new() })
    }

    /// Writes a bundle, unless it is there.
    pub(crate) async fn bundle(
        &self,
        target: &Target,
        attached: &Attached,
        statement: &[u8],
        kind: &str,
    ) -> Result<InLayout, SignError> {
        if !self.layouts.bundles {
            return Ok(Outcome::Skipped.into());
        }
        // Where the image registry makes the list, what is about another image is not in it, whatever it says.
        let is_about = |referrer: &Referrer| !attached.api || referrer.is_about(&target.digest);
        let referrers: Vec<&Referrer> = attached.referrers.iter().filter(|referrer| is_about(referrer)).collect();
        let is_listed = |referrer: &Referrer| !self.replace || referrer.is_listed_as(kind);
        let there = self.sort(
            &referrers,
            |referrer| is_listed(referrer) && self.is_same_bundle(referrer, target, statement),
            is_logged,
            |referrer| referrer.envelope().is_some_and(|envelope| self.is_of_kind(envelope, kind)),
        );
        let is_kind = |listed: Option<&str>| listed.unwrap_or(COSIGN_SIGN) == kind;
        let mut broken = Vec::new();
        for referrer in referrers.iter().filter(|referrer| self.replace && is_kind(referrer.listed_as())) {
            if let Err(Unusable::Damaged(problem)) = &referrer.bundle {
                let digest = &referrer.descriptor.digest;
                broken.push((digest, format!("the referrer {digest}: {problem}")));
            }
        }
        for lost in attached.lost.iter().filter(|lost| self.replace && is_kind(lost.listed_as())) {
            if let Where::Referrer(descriptor) = &lost.place {
                broken.push((&descriptor.digest, lost.problem.clone()));
            }
        }
        // Only where it is made here, it can be made anew.
        let is_list = |lost: &&Lost| lost.place == Where::List { api: false };
        let list: Vec<String> = attached.lost.iter().filter(is_list).map(|lost| lost.problem.clone()).collect();
        if let Some(problem) = list.first().filter(|_| !self.replace) {
            let what = format!("what nobody can read: {problem}; `--replace` overwrites it");
            return Err(OciError::Form { host: target.repository.host(), what }.into());
        }
        if there.is_done(&broken) && list.is_empty() {
            return Ok(Outcome::Present.into());
        }
        let old = there.old.iter().map(|referrer| &referrer.descriptor.digest);
        let out: Vec<&Digest> = old.chain(broken.iter().map(|(digest, _)| *digest)).collect();
        let change = Change { replaced: &out, api: attached.api, overwrite: self.replace };
        if there.present {
            attach::detach(&target.repository, &target.digest, change).await?;
        } else {
            let (envelope, entry) = self.envelope(statement).await?;
            let bundle = Bundle::of(envelope, self.key.public(), entry.as_ref());
            let subject = target.manifest.descriptor();
            attach::refer(&target.repository, &subject, &bundle, kind, self.now, change).await?;
        }
        let replaced = if self.replace { there.old.len() } else { 0 };
        let broken = broken.into_iter().map(|(_, problem)| problem).chain(list).collect();
        let of = |old: &&Referrer| annotations_of_statement(&old.envelope()?.payload()?);
        let new = annotations_of_statement(statement);
        let others = there.old.iter().copied().filter(|_| kind == COSIGN_SIGN).filter_map(|old| of(&old));
        let mut notes: Vec<String> =
            others.filter(|old| Some(old) != new.as_ref()).map(|old| dropped(&super::payload::shown(&old))).collect();
        notes.extend(self.dropped_log(there.old.iter().copied().any(is_logged)));
        Ok(InLayout { outcome: Outcome::Written, replaced, broken, notes })
    }

    /// What is said of log entries that are not written again.
    fn dropped_log(&self, is_there: bool) -> Option<String> {
        let note = "the log entry was taken out: `--rekor-url` names the log for another one";
        (is_there && self.log.is_none()).then(|| note.to_owned())
    }

    fn is_same_bundle(&self, referrer: &Referrer, target: &Target, statement: &[u8]) -> bool {
        let listed = referrer.descriptor.artifact_type.as_deref() == Some(BUNDLE);
        let same = |envelope: &Envelope| self.is_same(envelope, statement);
        referrer.is_about(&target.digest)
            && listed
            && referrer.defect.is_none()
            && referrer.envelope().is_some_and(same)
    }

    fn is_same(&self, envelope: &Envelope, statement: &[u8]) -> bool {
        envelope.payload().as_deref() == Some(statement) && envelope.signature_by(self.key.public()).is_some()
    }

    /// Whether it is a statement of this type by the key, whatever it says.
    fn is_of_kind(&self, envelope: &Envelope, kind: &str) -> bool {
        let statement = envelope.payload().and_then(|payload| Statement::parse(&payload).ok());
        statement.is_some_and(|statement| statement.predicate_type == kind)
            && envelope.signature_by(self.key.public()).is_some()
    }

    /// Sorts what is in a layout: what is wanted, and what goes. `is_right` is whether it is what would be written, apart from the
    /// log; `is_ours` whether the key has written it in place of that.
    fn sort<'a, T>(
        &self,
        all: &[&'a T],
        is_right: impl Fn(&T) -> bool,
        is_logged: impl Fn(&T) -> bool,
        is_ours: impl Fn(&T) -> bool,
    ) -> There<'a, T> {
        // An entry of a log that nobody asks for is not what would be written, and may be anything.
        let has_wanted_log = |one: &T| !self.replace || self.log.is_some() || !is_logged(one);
        let right: Vec<&'a T> = all.iter().copied().filter(|one| is_right(one) && has_wanted_log(one)).collect();
        if !self.replace {
            let present = right.iter().any(|one| self.log.is_none() || is_logged(one));
            // One without the entry that is now wanted makes room for one with it.
            return There { present, old: if present { Vec::new() } else { right } };
        }
        // Whether an entry of the log is right, only its readers can say: it is made anew.
        let kept = if let ([one], None) = (right.as_slice(), self.log) { Some(*one) } else { None };
        let is_kept = |one: &T| kept.is_some_and(|kept| std::ptr::eq(kept, one));
        let old = all.iter().copied().filter(|one| is_ours(one) && !is_kept(one));
        There { present: kept.is_some(), old: old.collect() }
    }

    async fn envelope(&self, statement: &[u8]) -> Result<(Envelope, Option<LogEntry>), SignError> {
        let envelope = Envelope::sign(self.key, statement)?;
        let entry = match self.log {
            Some(log) => Some(log.enter(&log::dsse(&envelope, self.key.public())?).await?),
            None => None,
        };
        Ok((envelope, entry))
    }
}

/// Why a tag has no layers, or not as readers want them.
fn lost_tag(attached: &Attached, tag: Tag) -> Vec<String> {
    let lost = attached.lost.iter().filter(|lost| lost.place == Where::Tag(tag));
    lost.map(|lost| lost.problem.clone()).collect()
}

/// What is said of a signature with other annotations that is not written again.
fn dropped(what: &str) -> String {
    format!("the signature with {what} was replaced, too: sign again with that to have it back")
}

/// The same of a payload, if it says something else than the new one.
fn other_payload(old: &[u8], new: &[u8]) -> Option<String> {
    let read = |bytes: &[u8]| {
        let Payload { critical, optional } = serde_json::from_slice(bytes).ok()?;
        Some((optional.unwrap_or_default(), critical.identity.docker_reference))
    };
    let ((old, name), (new, new_name)) = (read(old)?, read(new)?);
    let annotations = super::payload::shown(&old);
    match name == new_name {
        true if old == new => None,
        true => Some(dropped(&annotations)),
        false => Some(dropped(&format!("{annotations} and `--identity {name}`"))),
    }
}

fn annotations_of_statement(statement: &[u8]) -> Option<Map<String, Value>> {
    let subject = Statement::parse(statement).ok()?.subject.into_iter().next()?;
    Some(subject.annotations.unwrap_or_default())
}

/// Whether the registry has not got these bytes, although a layer names them.
fn is_lost(layer: &Layer, payload: &[u8]) -> bool {
    let of = &layer.descriptor;
    let names = of.digest == Digest::of(payload) && of.size == payload.len() as u64;
    layer.tag == Tag::Sig && layer.bytes.is_err() && !layer.misdescribed && names
}

fn is_logged(referrer: &Referrer) -> bool {
    referrer.bundle.as_ref().is_ok_and(|bundle| !bundle.verification_material.tlog_entries.is_empty())
}
