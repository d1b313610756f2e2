//! Room for connections: who has shown the run's token has places of their own, and nobody else can take them.
//!
//! Anybody who can reach the port can connect. Until a client shows the token it is a stranger; there are places for so many of
//! them, and when all are taken the one that has been a stranger for longest is put out. So a client that has the token, and sends
//! it as soon as it is connected, gets in whatever others hold open.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Connections of strangers at the same time.
const STRANGERS: usize = 256;

/// The places of a proxy.
#[derive(Debug)]
pub(super) struct Room {
    /// Connections of clients that have shown the token, at most.
    most_known: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    /// Those who have not shown the token, the oldest first.
    strangers: VecDeque<(u64, oneshot::Sender<()>)>,
    known: usize,
}

/// The place of one connection; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Arc<Room>,
    number: u64,
    known: Mutex<bool>,
}

impl Room {
    pub(super) fn new(most_known: usize) -> Arc<Self> {
        Arc::new(Self { most_known, state: Mutex::default() })
    }

    /// A stranger comes in. The receiver gets word, or its sender is dropped, when the place is needed for another; once the token
    /// was shown, only the drop remains, which means nothing.
    pub(super) fn enter(self: &Arc<Self>) -> (Place, oneshot::Receiver<()>) {
        let (put_out, told) = oneshot::channel();
        let mut state = self.state();
        if state.strangers.len() >= STRANGERS
            && let Some((_, oldest)) = state.strangers.pop_front()
        {
            // It may have gone by itself.
            let _ = oldest.send(());
        }
        let number = state.next;
        state.next += 1;
        state.strangers.push_back((number, put_out));
        drop(state);
        (Place { room: self.clone(), number, known: Mutex::new(false) }, told)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The token was shown: this is no stranger from now on. False when there is no room for another one who has it.
    pub(super) fn vouch(&self) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if *known {
            return true;
        }
        let mut state = self.room.state();
        if state.known >= self.room.most_known {
            return false;
        }
        state.known += 1;
        state.leave(self.number);
        *known = true;
        true
    }
}

impl State {
    fn leave(&mut self, number: u64) {
        // Sorted by number: each that comes has a higher one.
        if let Ok(at) = self.strangers.binary_search_by_key(&number, |(number, _)| *number) {
            self.strangers.remove(at);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let known = *self.known.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.room.state();
        if known { state.known -= 1 } else { state.leave(self.number) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Room, STRANGERS};

    #[test]
    fn the_oldest_stranger_makes_room_and_nobody_who_has_shown_the_token() {
        let room = Room::new(1);
        let (holder, mut told) = room.enter();
        assert!(holder.vouch() && holder.vouch());
        let mut strangers: Vec<_> = (0..STRANGERS).map(|_| room.enter()).collect();
        assert!(strangers[0].1.try_recv().is_err());
        let (next, _told) = room.enter();
        assert_eq!(strangers[0].1.try_recv(), Ok(()));
        assert!(strangers[1].1.try_recv().is_err());
        assert!(told.try_recv().is_err());
        // There is room for one who has it, until that one goes.
        assert!(!next.vouch());
        drop(holder);
        assert!(next.vouch());
        drop((next, strangers));
        let state = room.state();
        assert_eq!((state.known, state.strangers.len()), (0, 0));
    }
}
