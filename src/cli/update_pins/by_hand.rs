//! `update-pins NAME --to SHA`: sets one pin to a commit that somebody chose.

use super::options::UpdatePinsArgs;
use crate::cli::{Global, entries, policy, refuse};
use crate::entry::{Content, Entry, load};
use crate::error::{CommandError, exit};
use crate::ids::CommitSha;
use crate::output::{Format, escape};
use crate::pins::rewrite::{self, Reason, Rewrite};
use crate::ui::Ui;
use crate::validate::rules::excerpt;
use serde::Serialize;
use std::sync::Arc;

/// What `--format json` writes.
#[derive(Debug, Serialize)]
struct PinsJson<'a> {
    version: u32,
    pins: [PinJson<'a>; 1],
}

#[derive(Debug, Serialize)]
struct PinJson<'a> {
    entry: &'a str,
    path: &'a str,
    /// What was there: null where there was nothing.
    old: Option<&'a str>,
    new: &'a str,
    /// Whether the file is another one with the new pin: not where it is there already.
    changed: bool,
    /// Whether the file was written: not under `--dry-run`.
    written: bool,
    /// Comments that stay and may describe the old commit; absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    comments: Vec<CommentJson<'a>>,
}

#[derive(Debug, Serialize)]
struct CommentJson<'a> {
    /// From 1.
    line: usize,
    text: &'a str,
}

pub(super) fn run(args: &UpdatePinsArgs, to: &str, global: &Global, ui: &Ui) -> Result<u8, CommandError> {
    let [name] = args.names.as_slice() else {
        return Err(
            refuse("`--to` sets the pin of one entry").hint("name it: `mcp-registry update-pins NAME --to SHA`")
        );
    };
    let commit = CommitSha::parse(to).map_err(|error| {
        refuse(format!("`--to {}`: {error}", excerpt(to)))
            .hint("`git rev-parse NAME` in a clone prints the id of a branch or tag")
    })?;
    policy::check_root(&global.root)?;
    let names = entries::list(&global.root)?;
    let entry = load::load(&global.root, entries::named(name, &names)?);
    let path = &entry.manifest_file.path;
    let before = text(&entry)?;
    let rewrite = rewrite::set_pin(&before, &commit).map_err(|refusal| {
        let message = format!("{path}:{refusal}");
        match refusal.reason {
            Reason::NoSource | Reason::NoProject => refuse(message)
                .hint("entries of remote servers and of images that others build have no source, and no pin"),
            _ => CommandError::unfinished(message).hint("fix it by hand; nothing was written"),
        }
    })?;
    if let Some(after) = &rewrite.text
        && !args.dry_run
    {
        entries::replace(&global.root, path, &before, after)?;
    }
    match global.format {
        Format::Json => ui.result(&json(&entry, &rewrite, &commit, args.dry_run))?,
        _ => match &rewrite.text {
            Some(after) if args.dry_run => {
                ui.result(&entries::diff(path, Some(&before), after, ui))?;
                ui.say("1 file would change; nothing was written");
            }
            _ => ui.result(&format!("{}\n", escape::terminal(&sentence(&entry, &rewrite, &commit))))?,
        },
    }
    if let Some(check) = rewrite.to_check() {
        ui.say(&format!("{path}: {check}"));
    }
    Ok(exit::CLEAN)
}

/// The text of the entry's manifest, whatever it holds.
fn text(entry: &Entry) -> Result<Arc<str>, CommandError> {
    if let Some(problem) = &entry.folder_problem {
        return Err(CommandError::unfinished(format!("{}: {problem}", entry.path)));
    }
    let path = &entry.manifest_file.path;
    match &entry.manifest_file.content {
        Content::Absent => Err(CommandError::unfinished(format!("there is no file `{path}`"))),
        Content::Unreadable(problem) => Err(CommandError::unfinished(format!("{path} {problem}"))),
        Content::Malformed(text, ..) | Content::Text(text, _) => Ok(text.clone()),
        Content::Document(document) => Ok(document.text().clone()),
    }
}

/// What was done, in one line.
fn sentence(entry: &Entry, rewrite: &Rewrite, commit: &CommitSha) -> String {
    let (name, new) = (&entry.name, commit.short());
    let old = match &rewrite.old {
        Some(old) => CommitSha::parse(old).map_or_else(|_| excerpt(old), |old| old.short().to_owned()),
        None => "no pin".to_owned(),
    };
    match &rewrite.text {
        None => format!("{name}: {new} is there already"),
        // The same digits, which readers of YAML took for a number.
        Some(_) if rewrite.old.as_deref() == Some(commit.as_str()) => format!("{name}: {new} is in quotes now"),
        Some(_) => format!("{name}: {old} -> {new}"),
    }
}

fn json(entry: &Entry, rewrite: &Rewrite, commit: &CommitSha, dry_run: bool) -> String {
    let changed = rewrite.text.is_some();
    let pin = PinJson {
        entry: &entry.name,
        path: &entry.manifest_file.path,
        old: rewrite.old.as_deref(),
        new: commit.as_str(),
        changed,
        written: changed && !dry_run,
        comments: rewrite.comments.iter().map(|found| CommentJson { line: found.line, text: &found.text }).collect(),
    };
    escape::visible_json(&PinsJson { version: 1, pins: [pin] })
}
