//! The cursor accepts what serde_json accepts, and reads the same values. It accepts more in two stated places: nesting
//! beyond serde_json's 128, and halves of surrogate pairs.
#![no_main]

use kube_watchlist::json::{Cursor, Error, Kind};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fn read(cursor: &mut Cursor<'_>) -> Result<Value, Error> {
    Ok(match cursor.peek()? {
        Kind::Null => {
            assert!(cursor.next_null()?);
            Value::Null
        }
        Kind::Bool => Value::Bool(cursor.next_bool()?),
        Kind::Number => serde_json::from_str(cursor.next_number()?).expect("a number"),
        Kind::String => Value::String(cursor.next_str()?.into_owned()),
        Kind::Array => {
            let mut values = Vec::new();
            cursor.next_array(|element| {
                values.push(read(element)?);
                Ok(())
            })?;
            Value::Array(values)
        }
        Kind::Object => {
            let mut members = Map::new();
            cursor.next_object(|key, value| {
                // Serde reads keys as text; the cursor leaves that to its caller.
                let key = std::str::from_utf8(key).expect("checked by serde_json").to_owned();
                members.insert(key, read(value)?);
                Ok(())
            })?;
            Value::Object(members)
        }
    })
}

fuzz_target!(|bytes: &[u8]| {
    let mut checked = Cursor::new(bytes);
    let ours = checked.slice().map(|_| ()).and_then(|()| checked.finish());
    match serde_json::from_slice::<Value>(bytes) {
        Ok(theirs) => {
            assert_eq!(ours, Ok(()));
            let mut cursor = Cursor::new(bytes);
            assert_eq!(read(&mut cursor), Ok(theirs));
            assert_eq!(cursor.finish(), Ok(()));
        }
        Err(error) if ours.is_ok() => {
            let error = error.to_string();
            let stated = ["recursion limit exceeded", "surrogate", "unexpected end of hex escape"];
            assert!(stated.iter().any(|stated| error.contains(stated)), "{error}");
        }
        Err(_) => {}
    }
});
