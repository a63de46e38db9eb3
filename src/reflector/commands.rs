//! What users want, in every state.

use super::Reflector;
use super::input::Command;
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
}
