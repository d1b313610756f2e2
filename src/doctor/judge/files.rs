//! Files of the default branch.

use crate::doctor::facts::{Facts, Live, Unseen, known};
use crate::doctor::owners::owned;
use crate::doctor::{Judged, Status};
use crate::init::stamp::{self, Stamp};
use crate::init::{tool, workflows};
use crate::policy::POLICY;

pub(in crate::doctor) fn policy(facts: &Facts) -> Result<Judged, Unseen> {
    let branch = &facts.branch;
    if known(&facts.files.policy)?.is_none() {
        return Ok(Judged::missing(
            format!("there is no `{POLICY}` on `{branch}`"),
            "run `mcp-registry init` in a clone, commit and push",
        ));
    }
    Ok(match facts.files.settings()? {
        Ok(_) => Judged::ok(format!("`{POLICY}` on `{branch}` can be read")),
        Err(why) => Judged::wrong(
            format!("`{POLICY}` on `{branch}` cannot be read: {why}"),
            "`mcp-registry validate` in a clone shows the place",
        ),
    })
}

/// How a workflow stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Current,
    Missing,
    Unreadable(&'static str),
    NotOurs,
    Edited,
    Newer,
    Outdated,
}

impl Fate {
    fn says(self) -> &'static str {
        match self {
            Self::Current => "is as this version writes it",
            Self::Missing => "is missing",
            Self::Unreadable(why) => why,
            Self::NotOurs => "was not written by `mcp-registry init`",
            Self::Edited => "was edited since `mcp-registry init` wrote it",
            Self::Newer => "was written by a later version of this program",
            Self::Outdated => "was written by another version of this program, and nobody edited it",
        }
    }

    fn status(self) -> Status {
        match self {
            Self::Current => Status::Ok,
            Self::Missing => Status::Missing,
            // What the later version would say is not known here.
            Self::Newer => Status::Unknown,
            _ => Status::Wrong,
        }
    }
}

pub(in crate::doctor) fn workflows(facts: &Facts) -> Result<Judged, Unseen> {
    let live = known(&facts.files.workflows)?;
    let pinned = facts.pinned();
    let fates: Vec<(&str, Fate)> = workflows::WORKFLOWS
        .iter()
        .map(|(name, own)| {
            let text = match live.get(*name) {
                None => return (*name, Fate::Missing),
                Some(Live::Other(why)) => return (*name, Fate::Unreadable(why)),
                Some(Live::Text(text)) => text,
            };
            let same = pinned.as_ref().is_some_and(|tool| stamp::same(text, &workflows::render(own, Some(tool))));
            let fate = match stamp::read(text) {
                // One that names no program is the same for all.
                _ if same || (pinned.is_none() && stamp::same(text, &workflows::render(own, None))) => Fate::Current,
                Stamp::None => Fate::NotOurs,
                Stamp::Edited => Fate::Edited,
                Stamp::AsWritten if tool::is_newer(text) => Fate::Newer,
                Stamp::AsWritten => Fate::Outdated,
            };
            (*name, fate)
        })
        .collect();
    let worst = [Status::Missing, Status::Wrong, Status::Unknown]
        .into_iter()
        .find(|status| fates.iter().any(|(_, fate)| fate.status() == *status));
    let run = pinned.map(|tool| format!(", and run {}", tool.short())).unwrap_or_default();
    let Some(status) = worst else {
        return Ok(Judged::ok(format!("all {} are as this version writes them{run}", fates.len())));
    };
    let wrong: Vec<&(&str, Fate)> = fates.iter().filter(|(_, fate)| *fate != Fate::Current).collect();
    let details = wrong.iter().map(|(name, fate)| format!("{}/{name} {}", workflows::FOLDER, fate.says()));
    let fix = match status {
        Status::Unknown => "ask the later version",
        _ => {
            "`mcp-registry init` in a clone writes what is missing, replaces what nobody edited, and shows how the others differ"
        }
    };
    let says = format!("not as this version writes them: {} of {}", wrong.len(), fates.len());
    Ok(Judged::not(status, says, fix).with(details.collect()))
}

pub(in crate::doctor) fn codeowners(facts: &Facts) -> Result<Judged, Unseen> {
    let fix = format!("put `/{POLICY} @OWNER` and `/.github/ @OWNER` at the end of `.github/CODEOWNERS`");
    let (path, text) = match known(&facts.files.owners)? {
        None => {
            return Ok(Judged::missing("there is no CODEOWNERS: whoever may push can change what judges them", fix));
        }
        Some((path, Live::Other(why))) => return Ok(Judged::wrong(format!("`{path}` {why}"), fix)),
        Some((path, Live::Text(text))) => (path, text),
    };
    let ours = workflows::WORKFLOWS.iter().map(|(name, _)| format!("{}/{name}", workflows::FOLDER));
    // A new file of the folder is a workflow as well.
    let new = format!("{}/new.yml", workflows::FOLDER);
    let free: Vec<String> =
        [POLICY.to_owned(), path.clone(), new].into_iter().chain(ours).filter(|file| !owned(text, file)).collect();
    let Some(first) = free.first() else {
        return Ok(Judged::ok(format!("`{path}` names owners of policy and workflows")));
    };
    let more = if free.len() > 1 { format!(" and {} more", free.len() - 1) } else { String::new() };
    Ok(Judged::wrong(format!("`{path}` names no owner of `{first}`{more}"), fix))
}

pub(in crate::doctor) fn enabled(facts: &Facts) -> Result<Judged, Unseen> {
    let states = known(&facts.states)?;
    let ours = workflows::WORKFLOWS.iter().map(|(name, _)| format!("{}/{name}", workflows::FOLDER));
    // What is not there yet is another check's to say.
    let off = ours.filter_map(|path| {
        let state = states.get(&path)?;
        let says = match state.as_str() {
            "active" => return None,
            "disabled_inactivity" => "was switched off by GitHub, since nothing happened in the repository for 60 days",
            "disabled_manually" => "was switched off by somebody",
            "disabled_fork" => "is off, since the repository is a fork",
            _ => "does not run",
        };
        Some(format!("{path} {says}"))
    });
    let off: Vec<String> = off.collect();
    if states.is_empty() {
        return Ok(Judged::missing(
            "GitHub knows no workflow of the repository",
            "push the workflows to the default branch",
        ));
    }
    Ok(match off.len() {
        0 => Judged::ok("no workflow is switched off"),
        number => Judged::wrong(
            format!("workflows that are switched off: {number}"),
            "Actions → the workflow at the left → Enable workflow",
        )
        .with(off),
    })
}
