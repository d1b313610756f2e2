//! The log of a build while it runs: line by line on a terminal, folded by steps in GitHub Actions.

use crate::build::Event;
use crate::ui::Ui;
use std::collections::BTreeMap;

pub(super) struct Shown<'u> {
    ui: &'u Ui,
    how: How,
    /// The steps that have not ended, with their names and lines: steps run beside each other, and groups do not nest.
    open: BTreeMap<usize, (String, Vec<String>)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Nothing,
    Lines,
    Groups,
}

impl<'u> Shown<'u> {
    pub(super) fn new(ui: &'u Ui, github: bool, verbose: bool) -> Self {
        let how = match (github, ui.shows_progress() || verbose) {
            (true, _) => How::Groups,
            (false, true) => How::Lines,
            (false, false) => How::Nothing,
        };
        Self { ui, how, open: BTreeMap::new() }
    }

    pub(super) fn event(&mut self, event: &Event<'_>) {
        match self.how {
            How::Nothing => {}
            How::Lines => self.line(event),
            How::Groups => self.group(event),
        }
    }

    fn line(&self, event: &Event<'_>) {
        self.ui.say(&match event {
            Event::Begins { step, name } => format!("#{step} {name}"),
            Event::Line { step: 0, text } => (*text).to_owned(),
            Event::Line { step, text } => format!("#{step} {text}"),
            Event::Ends { step, cached, error } => format!("#{step} {}", ending(*cached, error)),
        });
    }

    fn group(&mut self, event: &Event<'_>) {
        match event {
            Event::Begins { step, name } => {
                self.open.entry(*step).or_default().0 = (*name).to_owned();
            }
            Event::Line { step, text } => self.open.entry(*step).or_default().1.push((*text).to_owned()),
            Event::Ends { step, cached, error } => {
                let (name, mut lines) = self.open.remove(step).unwrap_or_default();
                lines.push(ending(*cached, error));
                self.ui.group(&format!("#{step} {name}"), &lines);
            }
        }
    }

    /// Shows the steps that have not ended: the build was ended before them.
    pub(super) fn close(&mut self) {
        for (step, (name, lines)) in std::mem::take(&mut self.open) {
            let title = if step == 0 { "Build".to_owned() } else { format!("#{step} {name}") };
            self.ui.group(&title, &lines);
        }
    }
}

fn ending(cached: bool, error: &str) -> String {
    match (cached, error) {
        (true, "") => "CACHED".to_owned(),
        (false, "") => "DONE".to_owned(),
        (_, error) => format!("ERROR: {error}"),
    }
}
