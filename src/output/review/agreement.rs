//! What several reviewers with models say of the same places: whether they agree is worth more than what each says.

use super::list::List;
use crate::output::count;
use crate::verdict::judge::STATIC;
use crate::verdict::report::{JudgedFinding, ReviewReport};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The most places that are named, and characters of a path.
const MAX_PLACES: usize = 10;
const MAX_PATH: usize = 120;

#[derive(Debug, Serialize)]
pub(super) struct Agreement<'r> {
    /// `2 of 5 places`
    shared: String,
    /// Who was alone with how many: `claude 2, codex 1`.
    alone: Vec<Alone<'r>>,
    places: Option<List<Place>>,
}

#[derive(Debug, Serialize)]
struct Alone<'r> {
    name: &'r str,
    count: usize,
}

#[derive(Debug, Serialize)]
struct Place {
    place: String,
    category: &'static str,
    agents: String,
}

/// Findings about one place: a file, a kind of danger, and lines that overlap.
struct Group<'r> {
    path: Option<&'r str>,
    category: &'static str,
    lines: Option<(u32, u32)>,
    agents: BTreeSet<&'r str>,
}

impl<'r> Group<'r> {
    fn holds(&self, judged: &JudgedFinding) -> bool {
        let overlap = match (self.lines, lines(judged)) {
            (Some((first, last)), Some((start, end))) => start <= last && first <= end,
            (None, None) => true,
            _ => false,
        };
        overlap && self.path == judged.finding.path.as_deref() && self.category == judged.finding.category.as_str()
    }
}

fn lines(judged: &JudgedFinding) -> Option<(u32, u32)> {
    let start = judged.finding.start_line?;
    Some((start, judged.finding.end_line.unwrap_or(start).max(start)))
}

impl<'r> Agreement<'r> {
    /// None where fewer than two reviewers with a model looked.
    pub(super) fn of(report: &'r ReviewReport) -> Option<Self> {
        let asked: BTreeSet<&str> =
            report.agents.iter().filter(|agent| agent.model_answered()).map(|agent| agent.name.as_str()).collect();
        if asked.len() < 2 {
            return None;
        }
        let mut groups: Vec<Group<'r>> = Vec::new();
        for judged in &report.findings {
            let agents: Vec<&str> = judged
                .agents
                .iter()
                .map(String::as_str)
                .filter(|agent| *agent != STATIC && asked.contains(agent))
                .collect();
            if agents.is_empty() {
                continue;
            }
            match groups.iter_mut().find(|group| group.holds(judged)) {
                Some(group) => {
                    group.agents.extend(agents);
                    group.lines = group.lines.zip(lines(judged)).map(|((a, b), (c, d))| (a.min(c), b.max(d)));
                }
                None => groups.push(Group {
                    path: judged.finding.path.as_deref(),
                    category: judged.finding.category.as_str(),
                    lines: lines(judged),
                    agents: agents.into_iter().collect(),
                }),
            }
        }
        let (shared, single): (Vec<_>, Vec<_>) = groups.iter().partition(|group| group.agents.len() > 1);
        let mut alone: BTreeMap<&str, usize> = BTreeMap::new();
        for name in single.iter().flat_map(|group| &group.agents) {
            *alone.entry(name).or_default() += 1;
        }
        Some(Self {
            shared: format!("{} of {}", shared.len(), count(groups.len(), "place")),
            alone: alone.into_iter().map(|(name, count)| Alone { name, count }).collect(),
            places: List::new(shared.into_iter().map(place), MAX_PLACES),
        })
    }
}

fn place(group: &Group<'_>) -> Place {
    let path =
        group.path.map_or_else(|| "the repository".to_owned(), |path| crate::text::cut(path, MAX_PATH).into_owned());
    let place = group.lines.map_or(path.clone(), |(first, _)| format!("{path}:{first}"));
    let agents: Vec<&str> = group.agents.iter().copied().collect();
    Place { place, category: group.category, agents: agents.join(", ") }
}
