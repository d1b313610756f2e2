//! Groups of commands, which are one command for what is around them: `{ curl …; } | sh`, `while …; done < file`.

use super::super::files::{Good, Piped};
use super::{Scope, Walk};
use crate::shell::{Operator, Then};
use std::ops::Range;
use std::rc::Rc;

/// A check whose outcome is the one of its group, and its words.
pub(super) type Check = (Good, Vec<String>);

/// A group whose commands are gone through.
struct Frame {
    group: Option<usize>,
    /// What the pipe that the group is in did before it.
    outer: Piped,
    /// What its commands read.
    input: Piped,
    output: Piped,
    /// Whether it matters what text they print.
    collects: bool,
    /// Whether nothing of it happens here: the body of a function.
    is_body: bool,
    check: Option<Check>,
}

impl Frame {
    fn ends_with(&self, group: usize) -> bool {
        self.group.is_some_and(|own| own >= group)
    }
}

impl Walk<'_> {
    /// Goes through commands; `is_call` if they are a body that is called. What they print together.
    pub(super) fn commands(
        &mut self,
        scope: &Rc<Scope>,
        range: Range<usize>,
        input: &Piped,
        collects: bool,
        is_call: bool,
    ) -> Piped {
        if self.deep >= super::MOST_DEEP {
            self.beyond(scope.place.of(&scope.list.place(&range)));
            return Piped::default();
        }
        self.deep += 1;
        let mut frames = vec![Frame {
            group: None,
            outer: Piped::default(),
            input: input.inherit(),
            output: Piped::default(),
            collects,
            is_body: false,
            check: None,
        }];
        let mut piped = input.inherit();
        let called = range.start;
        for at in range {
            let Some((command, head)) = scope.list.command(at) else { break };
            let (mut check, mut is_closed) = (None, false);
            for group in &head.closes {
                while frames.last().is_some_and(|frame| frame.ends_with(*group)) {
                    if std::mem::replace(&mut is_closed, true) {
                        self.settle(&mut frames, &mut piped, &scope.place.of(&command.range));
                    }
                    let Some(mut frame) = frames.pop() else { break };
                    check = frame.check.take();
                    piped = self.leave(frame, &scope.place.of(&command.range));
                }
            }
            let has_own = head.program < command.words.len() || !head.opens.is_empty();
            if !head.closes.is_empty() && has_own {
                self.settle(&mut frames, &mut piped, &scope.place.of(&command.range));
                check = None;
            }
            for group in &head.opens {
                self.enter(*group, scope, is_call && at == called, &mut frames, &mut piped);
            }
            if !command.defines {
                let then = command.then;
                let waits = scope.list.is_last(at);
                let collects = then == Then::Pipe || frames.last().is_some_and(|frame| frame.collects);
                let own = self.run(command.clone(), head, scope, &mut piped, check, waits, collects);
                if let Some(frame) = frames.last_mut() {
                    frame.check = own;
                }
            }
            for (name, body) in &head.functions {
                self.functions.define(name, scope, body.clone());
            }
            if command.then != Then::Pipe {
                self.settle(&mut frames, &mut piped, &scope.place.of(&command.range));
            }
        }
        self.deep -= 1;
        while frames.len() > 1 {
            let Some(frame) = frames.pop() else { break };
            let mut left = self.leave(frame, &(0..0));
            self.settle(&mut frames, &mut left, &(0..0));
        }
        frames.pop().map(|frame| frame.output).unwrap_or_default()
    }

    fn enter(&mut self, group: usize, scope: &Rc<Scope>, is_called: bool, frames: &mut Vec<Frame>, piped: &mut Piped) {
        let Some(known) = scope.list.group(group) else { return };
        let is_body = known.is_body && !is_called;
        let above = frames.last().is_some_and(|frame| frame.collects);
        let frame = |outer: Piped, input: Piped, collects: bool| Frame {
            group: Some(group),
            outer,
            input,
            output: Piped::default(),
            collects,
            is_body,
            check: None,
        };
        if is_body {
            frames.push(frame(std::mem::take(piped), Piped::default(), false));
            return;
        }
        let close = known.close.and_then(|at| scope.list.command(at));
        // What is redirected is about the last of the groups that a command ends.
        let close = close.filter(|(_, head)| head.closes.last() == Some(&group)).map(|(command, _)| command);
        let mut input = piped.inherit();
        let mut collects = above;
        if let Some(close) = close {
            let reads = close.redirects.iter().filter(|redirect| redirect.operator.is_input());
            let given: Vec<_> = reads.map(|redirect| self.redirect(redirect.clone(), scope, &mut Vec::new())).collect();
            input = self.fed(&given, input);
            collects |= close.then == Then::Pipe
                || close.redirects.iter().any(|redirect| redirect.operator == Operator::Output);
        }
        let outer = std::mem::replace(piped, input.inherit());
        frames.push(frame(outer, input, collects));
    }

    /// What the pipe that a group is in did, up to its end.
    fn leave(&mut self, frame: Frame, place: &Range<usize>) -> Piped {
        let Frame { mut outer, output, collects, is_body, .. } = frame;
        outer.is_inherited = false;
        if !is_body {
            outer.absorb(&output);
            if collects {
                self.pass(&mut outer, &output, place);
            }
        }
        outer
    }

    /// Ends a pipe: what it prints becomes part of what its group prints.
    fn settle(&mut self, frames: &mut [Frame], piped: &mut Piped, place: &Range<usize>) {
        let Some(frame) = frames.last_mut() else { return };
        let done = std::mem::replace(piped, frame.input.inherit());
        if done.is_elsewhere {
            return;
        }
        frame.output.absorb(&done);
        if frame.collects {
            self.pass(&mut frame.output, &done, place);
        }
    }

    /// Adds what one printed to what another did.
    pub(super) fn pass(&mut self, to: &mut Piped, from: &Piped, place: &Range<usize>) {
        if from.printed.is_empty() {
            return;
        }
        if to.printed.is_empty() {
            to.printed = from.printed.clone();
        } else if self.spend(from.printed.len() + to.cost(), place) {
            to.print(&from.printed, '\n');
        }
    }
}
