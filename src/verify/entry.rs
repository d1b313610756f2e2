//! Whether what is signed is of the entry that an image is verified for: two entries of one repository pin the same commit.

use super::problem::Problem;
use super::read::Ours;
use super::rules::OTHER_ENTRY;
use super::{Expectations, Facts};
use crate::attest::predicate::PROVENANCE;
use crate::build::labels::METADATA;
use crate::ids::ImageReference;
use crate::sign::statement::Statement;
use std::collections::BTreeSet;

/// The entry that an image is verified for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntryFacts {
    pub(crate) name: String,
    /// Its image; none where only its name is known.
    pub(crate) image: Option<ImageReference>,
    /// What its image is built from; none where nobody can say.
    pub(crate) source: Option<Source>,
}

/// What tells apart two images of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) directory: String,
    pub(crate) dockerfile: Option<String>,
    pub(crate) build_target: Option<String>,
}

impl EntryFacts {
    /// Whether a name is that of the entry's image, in its own image registry or in the one that `build --image-registry` names.
    fn has(&self, name: &str) -> bool {
        let Some(image) = &self.image else { return true };
        let Ok(named) = ImageReference::parse(name) else { return false };
        named.short_name() == image.short_name() || image.is_moved_to(&named)
    }
}

/// Says of everything that names another entry or another image that it does.
pub(super) fn compare(ours: &Ours, facts: &Facts, expected: &Expectations, problems: &mut Vec<Problem>) {
    let Some(entry) = &expected.entry else { return };
    let mut said = BTreeSet::new();
    let own = entry.image.as_ref().map(ImageReference::short_name).unwrap_or_default();
    let name = &entry.name;
    if !entry.has(&facts.reference) {
        said.insert(format!("the image is {}; that of the entry `{name}` is `{own}`", facts.reference));
    }
    // The digest holds the labels: who copies a signed image to another name cannot change them.
    let others = facts.entries.iter().filter(|other| *other != name);
    said.extend(
        others.map(|other| format!("the label `{METADATA}` of the image is of the entry `{other}`, not of `{name}`")),
    );
    for signature in &ours.signatures {
        let signed = signature.name.as_deref().filter(|signed| !signed.is_empty());
        if let Some(signed) = signed.filter(|signed| expected.identity.as_deref() != Some(signed) && !entry.has(signed))
        {
            said.insert(format!("a signature by the key is of `{signed}`; the image of the entry `{name}` is `{own}`"));
        }
    }
    for statement in ours.attestations.iter().map(|attestation| &attestation.statement) {
        let subject = statement.subject(&facts.digest).and_then(|subject| subject.name.as_deref());
        if let Some(subject) = subject.filter(|subject| !subject.is_empty() && !entry.has(subject)) {
            let kind = &statement.predicate_type;
            let of = format!("the attestation of the type `{kind}` is of `{subject}`");
            said.insert(format!("{of}; the image of the entry `{name}` is `{own}`"));
        }
        if statement.predicate_type == PROVENANCE {
            said.extend(provenance(statement, entry));
        }
    }
    problems.extend(said.into_iter().map(|message| Problem::new(&OTHER_ENTRY, message)));
}

/// What provenance says of another entry.
fn provenance(statement: &Statement, entry: &EntryFacts) -> Vec<String> {
    let says =
        |what: &str| statement.predicate.pointer(&format!("/buildDefinition/externalParameters/{what}"))?.as_str();
    let mut said = Vec::new();
    if let Some(other) = says("entry").filter(|other| *other != entry.name) {
        said.push(format!("the provenance is of the entry `{other}`, not of `{}`", entry.name));
    }
    let Some(source) = &entry.source else { return said };
    let own = [
        ("directory", Some(source.directory.as_str())),
        ("dockerfile", source.dockerfile.as_deref()),
        ("buildTarget", source.build_target.as_deref()),
    ];
    for (key, own) in own {
        if let Some(other) = says(&format!("source/{key}")).filter(|other| own != Some(other)) {
            let own = own.filter(|own| !own.is_empty()).map_or_else(|| "none".to_owned(), |own| format!("`{own}`"));
            said.push(format!("the provenance says `source.{key}` is `{other}`; the entry `{}` has {own}", entry.name));
        }
    }
    said
}
