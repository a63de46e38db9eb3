//! Framing as it is defined, byte by byte over the whole stream, with everything held: what the framer is compared with.

#![allow(dead_code, unreachable_pub, reason = "each user takes its own part")]

use kube_watchlist::frame::{DEPTH_LIMIT, FrameError, Framer, Verdict};

/// A document or an error, as it leaves the framer.
pub type Frame = Result<Vec<u8>, FrameError>;

/// What a framer makes of a stream: its frames, and the length of the truncated tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framed {
    pub frames: Vec<Frame>,
    pub tail: usize,
}

/// How a document that begins at some index goes on.
enum Ending {
    Whole(usize),
    Broken {
        at: usize,
        error: FrameError,
        restart: bool,
    },
    /// Too deep at some index; how it goes on behind that.
    TooDeep(usize, Box<Ending>),
    Truncated,
}

/// The definition.
pub fn reference(bytes: &[u8], limit: usize) -> Framed {
    let mut frames = Vec::new();
    let mark = b"\xEF\xBB\xBF";
    let marked = mark
        .iter()
        .zip(bytes)
        .take_while(|(mark, byte)| mark == byte)
        .count();
    let mut at = marked;
    if (1..3).contains(&marked) && bytes.len() > marked {
        frames.push(Err(FrameError::NotJson { offset: 0 }));
        at = next_line(bytes, at);
    }
    loop {
        at += bytes[at..]
            .iter()
            .take_while(|byte| b" \t\r\n".contains(byte))
            .count();
        if at == bytes.len() {
            return Framed { frames, tail: 0 };
        }
        if bytes[at] != b'{' {
            frames.push(Err(FrameError::NotJson { offset: at as u64 }));
            at = next_line(bytes, at);
            continue;
        }
        let start = at;
        let mut ending = document(bytes, start);
        let mut skipping = false;
        if let Ending::TooDeep(deep, rest) = ending {
            frames.push(Err(if deep - start > limit {
                FrameError::TooLarge { limit }
            } else {
                FrameError::TooDeep {
                    offset: deep as u64,
                }
            }));
            (ending, skipping) = (*rest, true);
        }
        match ending {
            Ending::TooDeep(..) => unreachable!("said once"),
            Ending::Whole(end) if skipping => at = end,
            Ending::Broken {
                at: broken,
                restart,
                ..
            } if skipping => {
                at = if restart {
                    broken
                } else {
                    next_line(bytes, broken)
                };
            }
            Ending::Truncated if skipping => return Framed { frames, tail: 0 },
            Ending::Whole(end) => {
                frames.push(match &bytes[start..end] {
                    document if document.len() > limit => Err(FrameError::TooLarge { limit }),
                    document => Ok(document.to_vec()),
                });
                at = end;
            }
            Ending::Broken {
                at: broken,
                error,
                restart,
            } => {
                let over = broken - start > limit;
                frames.push(Err(if over {
                    FrameError::TooLarge { limit }
                } else {
                    error
                }));
                at = if restart {
                    broken
                } else {
                    next_line(bytes, broken)
                };
            }
            Ending::Truncated if bytes.len() - start > limit => {
                frames.push(Err(FrameError::TooLarge { limit }));
                return Framed { frames, tail: 0 };
            }
            Ending::Truncated => {
                return Framed {
                    frames,
                    tail: bytes.len() - start,
                };
            }
        }
    }
}

/// Whether these bytes are one document and nothing else.
pub fn is_document(bytes: &[u8]) -> bool {
    bytes.first() == Some(&b'{')
        && matches!(document(bytes, 0), Ending::Whole(end) if end == bytes.len())
}

fn document(bytes: &[u8], start: usize) -> Ending {
    let mut open = vec![b'{'];
    let (mut last, mut newline) = (b'{', false);
    let mut string = false;
    let mut escaped = false;
    let mut deep = None;
    let done = |deep: Option<usize>, ending| match deep {
        Some(at) => Ending::TooDeep(at, Box::new(ending)),
        None => ending,
    };
    for (at, &byte) in bytes.iter().enumerate().skip(start + 1) {
        let broken = |restart| Ending::Broken {
            at,
            error: FrameError::NotJson { offset: at as u64 },
            restart,
        };
        if string {
            match byte {
                0..0x20 => return done(deep, broken(false)),
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => string = false,
                _ => {}
            }
        } else {
            match byte {
                b'"' => string = true,
                b'{' | b'[' => {
                    let fits = if open.last() == Some(&b'{') {
                        last == b':'
                    } else {
                        b"[,".contains(&last)
                    };
                    // Beyond the limit brackets are counted only.
                    if open.len() <= DEPTH_LIMIT && !fits {
                        return done(deep, broken(byte == b'{' && newline));
                    }
                    if open.len() == DEPTH_LIMIT && deep.is_none() {
                        deep = Some(at);
                    }
                    open.push(byte);
                }
                b'}' | b']' => {
                    // A bracket and its closing twin are two apart in ASCII.
                    let beyond = open.len() > DEPTH_LIMIT;
                    if open.pop() != Some(byte - 2) && !beyond {
                        return done(deep, broken(false));
                    }
                    if open.is_empty() {
                        return done(deep, Ending::Whole(at + 1));
                    }
                }
                _ => {}
            }
        }
        match byte {
            b'\n' => newline = true,
            b' ' | b'\t' | b'\r' => {}
            _ => (last, newline) = (byte, false),
        }
    }
    done(deep, Ending::Truncated)
}

/// The next line that begins with `{`.
fn next_line(bytes: &[u8], mut at: usize) -> usize {
    while let Some(newline) = bytes[at..].iter().position(|&byte| byte == b'\n') {
        at += newline + 1;
        at += bytes[at..]
            .iter()
            .take_while(|byte| b" \t\r\n".contains(byte))
            .count();
        if bytes.get(at) == Some(&b'{') {
            return at;
        }
    }
    bytes.len()
}

/// What [`Framer`] makes of the same bytes, in these pieces.
pub fn framed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> Framed {
    let mut framer = Framer::new(limit);
    let mut out = Vec::new();
    for piece in pieces {
        framer.push(piece, &mut |frame| match frame {
            Ok(bytes) if !is_document(bytes) => Verdict::NotOne,
            frame => {
                out.push(frame.map(<[u8]>::to_vec));
                Verdict::Taken
            }
        });
    }
    let tail = framer.finish();
    let lost = out.iter().filter(|frame| frame.is_err()).count() + usize::from(tail > 0);
    assert_eq!(framer.dropped(), lost as u64, "every loss is counted");
    Framed { frames: out, tail }
}

/// The bytes cut at these places, in any order and place (beyond the end they cut nothing).
pub fn cut<'a>(bytes: &'a [u8], places: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places
        .iter()
        .map(|place| place % (bytes.len() + 1))
        .collect();
    places.sort_unstable();
    let mut pieces = Vec::new();
    let mut from = 0;
    for place in places {
        pieces.push(&bytes[from..place]);
        from = place;
    }
    pieces.push(&bytes[from..]);
    pieces
}
