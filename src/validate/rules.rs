//! The rules: one file each, and the table of all of them.
//!
//! A rule is a synchronous, pure function over plain data: it reads no file, no clock and no network. It reports through
//! a [`Sink`], which knows the entry and the severity. To add one, see CONTRIBUTING.md.

use super::facts::{Facts, Need};
use super::index::Index;
use super::schema::Violation;
use crate::document::edit::Edit;
use crate::document::{Document, Route, Span};
use crate::entry::{Entry, Manifest};
use crate::finding::{Anchor, Finding, Label, RuleDescriptor, Severity};
use crate::policy::Policy;
use crate::text::cut;
use std::sync::Arc;

#[derive(Debug)]
pub struct Rule {
    /// Named for what is wrong, in kebab case: `unpinned-source`. Stable: waivers and other tools use it.
    pub id: &'static str,
    /// One line, without a final full stop.
    pub summary: &'static str,
    /// Markdown with the sections `## What`, `## Why`, `## How to fix` and `## Source`.
    pub explanation: &'static str,
    /// What its findings are unless the policy says otherwise.
    pub(crate) severity: Severity,
    /// The facts it judges; empty for a rule that works offline.
    pub needs: &'static [Need],
    pub check: Check,
    /// How `--fix` mends a finding of it, if it can do so without a decision.
    pub fix: Option<Fix>,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// One entry, whatever state its files are in. The document may be absent.
    Entry(fn(&Subject<'_>, &mut Sink<'_>)),
    /// One entry whose `server.yaml` composed to a mapping.
    Manifest(fn(&Subject<'_>, &Document, &mut Sink<'_>)),
    /// All entries at once, after every entry was judged by itself.
    Registry(fn(&Index<'_>, &mut RegistrySink<'_>)),
    /// Nothing: the findings are made elsewhere, since they are about the policy or the run.
    Run,
}

/// How a finding is mended.
#[derive(Debug, Clone, Copy)]
pub enum Fix {
    /// Edits to `server.yaml` that mend every finding of this rule in it. An error says why nothing was changed.
    Edit(fn(&Subject<'_>, &Document) -> Result<Vec<Edit>, crate::document::edit::EditError>),
    /// Formatting: the whole text is written anew. Applied last.
    Format,
}

/// One entry and everything a rule may know about it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) policy: &'a Policy,
    /// What was asked of the outside.
    pub(crate) facts: &'a Facts,
    /// Where `server.yaml` departs from its schema.
    pub(crate) violations: &'a [Violation],
}

impl<'a> Subject<'a> {
    /// The model of `server.yaml`.
    #[must_use]
    pub(crate) fn manifest(&self) -> &'a Manifest {
        &self.entry.manifest
    }
}

/// The most findings of one rule about one entry that are kept, to choose from what is reported. A hostile entry can
/// be made to have tens of thousands, each with a long route.
const MOST_KEPT: usize = 500;

/// Takes the findings of one rule about one entry.
#[derive(Debug)]
pub struct Sink<'a> {
    rule: &'static Rule,
    severity: Severity,
    entry: &'a Entry,
    findings: &'a mut Vec<Finding>,
    taken: usize,
    /// Where what is said about a finding that is not kept goes.
    beyond: Vec<Finding>,
}

impl<'a> Sink<'a> {
    /// A sink for `rule` about `entry`, at the severity that the policy decided.
    pub(crate) fn new(
        rule: &'static Rule,
        severity: Severity,
        entry: &'a Entry,
        findings: &'a mut Vec<Finding>,
    ) -> Self {
        Self { rule, severity, entry, findings, taken: 0, beyond: Vec::new() }
    }

    /// Reports a finding in `server.yaml` at the value of `route`.
    pub(crate) fn value(&mut self, route: Route, message: impl Into<String>) -> Said<'_> {
        self.at(&self.entry.manifest_file.path, Anchor::Value(route), message)
    }

    /// Reports a finding in `server.yaml` at the key of `route`.
    pub(crate) fn key(&mut self, route: Route, message: impl Into<String>) -> Said<'_> {
        self.at(&self.entry.manifest_file.path, Anchor::Key(route), message)
    }

    /// Reports a finding in `server.yaml` at some bytes of it.
    pub(crate) fn bytes(&mut self, span: Span, message: impl Into<String>) -> Said<'_> {
        self.at(&self.entry.manifest_file.path, Anchor::Bytes(span), message)
    }

    /// Reports a finding about `server.yaml` as a whole.
    pub(crate) fn file(&mut self, message: impl Into<String>) -> Said<'_> {
        self.at(&self.entry.manifest_file.path, Anchor::File, message)
    }

    /// Reports a finding in `server.yaml` wherever `anchor` points.
    pub(crate) fn anchored(&mut self, anchor: Anchor, message: impl Into<String>) -> Said<'_> {
        self.at(&self.entry.manifest_file.path, anchor, message)
    }

    /// Reports a finding in any file of the entry.
    pub(crate) fn at(&mut self, path: &Arc<str>, anchor: Anchor, message: impl Into<String>) -> Said<'_> {
        self.taken += 1;
        let findings = if self.taken <= MOST_KEPT { &mut *self.findings } else { &mut self.beyond };
        if self.taken > MOST_KEPT {
            findings.clear();
        }
        say(findings, self.rule, self.severity, Some(self.entry.name.clone()), path, anchor, message.into())
    }

    /// How many findings were reported but not kept.
    #[must_use]
    pub(crate) fn not_kept(&self) -> usize {
        self.taken.saturating_sub(MOST_KEPT)
    }
}

/// Takes the findings of one rule about the registry.
#[derive(Debug)]
pub struct RegistrySink<'a> {
    rule: &'static Rule,
    severity: Severity,
    findings: &'a mut Vec<Finding>,
}

impl<'a> RegistrySink<'a> {
    /// A sink for `rule`, at the severity that the policy decided.
    pub(crate) fn new(rule: &'static Rule, severity: Severity, findings: &'a mut Vec<Finding>) -> Self {
        Self { rule, severity, findings }
    }

    /// Reports a finding in `entry`.
    pub(crate) fn at(
        &mut self,
        entry: &Entry,
        path: &Arc<str>,
        anchor: Anchor,
        message: impl Into<String>,
    ) -> Said<'_> {
        say(self.findings, self.rule, self.severity, Some(entry.name.clone()), path, anchor, message.into())
    }

    /// Reports a finding in a file of the registry that belongs to no entry.
    pub(crate) fn at_file(&mut self, path: &Arc<str>, anchor: Anchor, message: impl Into<String>) -> Said<'_> {
        say(self.findings, self.rule, self.severity, None, path, anchor, message.into())
    }
}

fn say<'a>(
    findings: &'a mut Vec<Finding>,
    rule: &'static Rule,
    severity: Severity,
    entry: Option<Arc<str>>,
    path: &Arc<str>,
    anchor: Anchor,
    message: String,
) -> Said<'a> {
    let finding = Finding {
        fixable: rule.fix.is_some(),
        ..Finding::new(rule.id, severity, entry, path.clone(), anchor, message)
    };
    Said { finding: findings.push_mut(finding) }
}

/// A finding that was just reported, to say more about.
#[derive(Debug)]
pub(crate) struct Said<'a> {
    finding: &'a mut Finding,
}

impl Said<'_> {
    /// A few words under the marked place.
    pub(crate) fn label(self, text: impl Into<String>) -> Self {
        self.finding.label = text.into();
        self
    }

    pub(crate) fn help(self, text: impl Into<String>) -> Self {
        self.finding.help = Some(text.into());
        self
    }

    /// Another place, in the same file, that explains this one.
    pub(crate) fn also(self, anchor: Anchor, text: impl Into<String>) -> Self {
        let path = self.finding.path.clone();
        self.also_in(&path, anchor, text)
    }

    /// Another place, in any file, that explains this one.
    pub(crate) fn also_in(self, path: &Arc<str>, anchor: Anchor, text: impl Into<String>) -> Self {
        self.finding.labels.push(Label { path: path.clone(), anchor, text: text.into() });
        self
    }

    /// This one matters less than others of its rule: at most so much, whatever the policy says about the rule.
    pub(crate) fn at_most(self, severity: Severity) -> Self {
        self.finding.severity = self.finding.severity.min(severity);
        self
    }

    /// What stands at the marked place is a secret: no output may quote it. The message must not, either.
    pub(crate) fn sensitive(self) -> Self {
        self.finding.sensitive = true;
        self
    }

    /// This one cannot be mended by `--fix`, although others of its rule can.
    pub(crate) fn not_fixable(self) -> Self {
        self.finding.fixable = false;
        self
    }
}

macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        /// Every rule, sorted by id.
        pub static RULES: &[&Rule] = &[$(&$module::RULE),*];
    };
}

rules! {
    ambiguous_scalar,
    archived_repository,
    branch_is_commit,
    branch_is_pull_request,
    branch_is_tag,
    branch_missing,
    commit_not_found,
    dangerous_mount,
    description_quality,
    directory_missing,
    dockerfile_missing,
    duplicate_entry,
    duplicate_tool,
    expired_waiver,
    floating_image,
    foreign_host,
    foreign_parameter,
    foreign_secret,
    formatting,
    hidden_text,
    icon_invalid,
    icon_unreachable,
    image_namespace,
    image_not_found,
    image_on_remote,
    impostor_commit,
    insecure_url,
    instruction_in_description,
    invalid_branch,
    invalid_image,
    invalid_name,
    invalid_tools_json,
    invalid_value,
    invalid_yaml,
    key_order,
    leaked_secret,
    license_forbidden,
    license_missing,
    malformed_commit,
    missing_key,
    missing_readme,
    moved_repository,
    name_mismatch,
    oauth_without_dynamic_tools,
    policy_changed,
    private_address,
    remote_tools_unavailable,
    remote_transport,
    remote_unreachable,
    remote_without_tools,
    root_user,
    secret_name,
    secret_variable,
    shadowed_tool,
    title_style,
    truncated_text,
    unavailable_fact,
    unclear_tool,
    undeclared_required,
    undefined_parameter,
    undescribed_argument,
    unearned_trust,
    unknown_category,
    unknown_key,
    unpinned_source,
    unreadable_entry,
    unsorted_tags,
    unused_parameter,
    unused_waiver,
    wrong_type,
}

/// The rule of this id.
#[must_use]
pub(crate) fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id).copied()
}

pub(crate) use foreign_host::refused as refused_host;

/// The candidate that is most like `word`: a misspelling of it, not any other word. Both may come from entries, and a rule
/// asks once for each word of one: more than 100 candidates, which is more than a format has, are not compared.
#[must_use]
pub(crate) fn nearest_of<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_among(word, candidates.into_iter().take(100))
}

/// The same of any number of candidates: for what is asked once in a run.
#[must_use]
pub(crate) fn nearest_among<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Jaro-Winkler at 0.8 is the bar that clap sets for its own suggestions, which users see beside these. Its time is the
    // product of the lengths, so that long words are not compared.
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// A text of an entry as a message quotes it: at most 80 characters, the rest as an ellipsis. Outputs escape it.
#[must_use]
pub(crate) fn excerpt(text: &str) -> String {
    cut(text, 80).into_owned()
}

/// What outputs that list rules need to know of each.
#[must_use]
pub fn descriptors() -> Vec<RuleDescriptor> {
    RULES
        .iter()
        .map(|rule| RuleDescriptor {
            id: rule.id,
            summary: rule.summary,
            explanation: rule.explanation,
            severity: rule.severity,
            help_uri: None,
        })
        .collect()
}
