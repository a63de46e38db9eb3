//! What users want, in every state.

use super::Reflector;
use super::exchange::Reading;
use super::input::Command;
use super::moves::Pace;
use super::state::{State, Then};
use crate::clock::Now;
use crate::strategy::Memory;

impl Reflector {
    pub(super) fn command(&mut self, command: Command, now: Now) {
        if matches!(self.state, State::Closed) {
            return;
        }
        match (command, &self.state) {
            (Command::Close, _) => self.rest(State::Closed, None, now),
            (
                Command::Pause,
                State::Idle
                | State::Connecting { .. }
                | State::Streaming { .. }
                | State::Listing(_)
                | State::Publishing { .. }
                | State::Resuming(_)
                | State::Live(_)
                | State::Polling { .. }
                | State::Waiting { .. },
            ) => {
                let then = self.state.after_rest();
                self.rest(State::Paused { then }, None, now);
            }
            (Command::Resume | Command::Retry, State::Paused { then })
            | (Command::Retry, State::Waiting { then, .. }) => {
                let then = *then;
                self.go_on(then, now);
            }
            (Command::Retry, State::Auth { then }) => {
                let then = *then;
                self.refresh_credentials = true;
                self.go_on(then, now);
            }
            (Command::Retry, State::Failed) => {
                self.memory = Memory::default();
                self.go_on(Then::Snapshot, now);
            }
            (Command::Retry, State::Polling { .. }) => self.take_snapshot(now),
            (Command::Retry, state) if self.waits_for_a_head(state) => {
                // The next request waits for the next command.
                self.again(Then::Snapshot, Pace::AtOnce, None, now);
            }
            (
                Command::Retry,
                State::Idle
                | State::Connecting { .. }
                | State::Streaming { .. }
                | State::Listing(_)
                | State::Publishing { .. }
                | State::Resuming(_)
                | State::Live(_)
                | State::Closed,
            )
            | (
                Command::Pause,
                State::Paused { .. } | State::Auth { .. } | State::Failed | State::Closed,
            )
            | (
                Command::Resume,
                State::Idle
                | State::Connecting { .. }
                | State::Streaming { .. }
                | State::Listing(_)
                | State::Publishing { .. }
                | State::Resuming(_)
                | State::Live(_)
                | State::Polling { .. }
                | State::Waiting { .. }
                | State::Auth { .. }
                | State::Failed
                | State::Closed,
            ) => {}
        }
    }

    /// What this state cannot go on without has not been answered: the way there may be dead.
    fn waits_for_a_head(&self, state: &State) -> bool {
        let asked = match state {
            State::Connecting { exchange, .. } => *exchange,
            State::Listing(listing) => listing.page,
            State::Resuming(resuming) => resuming.probe.unwrap_or(resuming.stream),
            _ => return false,
        };
        let exchange = self.exchanges.get(asked);
        exchange.is_some_and(|exchange| matches!(exchange.reading, Reading::Head))
    }
}
