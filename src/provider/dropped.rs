//! The fields that are read and never sent on, all of them, by name. What clients send of their own accord and no answer needs:
//! who they are, where an item of an earlier answer was kept, what a message was for.
//!
//! They are removed before a request is parsed, so that the types of requests do not know them: a field that is neither here nor
//! there is refused.

use serde_json::Value;

/// Of Anthropic's Messages. `a.b` is the field `b` of the object `a`, which goes with its last field; `a[].b` that of each item
/// of the list `a`, and `a[t].b` that of each item of the type `t`.
pub(crate) const ANTHROPIC: &[&str] = &["metadata.user_id"];

/// Of OpenAI's Responses.
pub(crate) const OPENAI: &[&str] = &[
    "prompt_cache_key",
    "client_metadata",
    "input[message].id",
    "input[message].status",
    "input[message].phase",
    "input[message].content[output_text].annotations",
    "input[message].content[output_text].logprobs",
    "input[function_call].id",
    "input[function_call].status",
    "input[function_call_output].id",
    "input[function_call_output].status",
    "input[reasoning].id",
    "input[reasoning].status",
    "input[reasoning].content",
];

/// Of OpenAI's chat completions.
pub(crate) const CHAT: &[&str] = &["messages[].annotations"];

/// Removes the fields of a list from a request.
pub(super) fn remove(request: &mut Value, fields: &[&str]) {
    fields.iter().for_each(|path| remove_one(request, path));
}

fn remove_one(holder: &mut Value, path: &str) {
    let Some((first, rest)) = path.split_once('.') else {
        if let Value::Object(fields) = holder {
            fields.shift_remove(path);
        }
        return;
    };
    if let Some((name, kind)) = first.strip_suffix(']').and_then(|first| first.split_once('[')) {
        let items = holder.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten();
        items.filter(|item| kind.is_empty() || kind_of(item) == kind).for_each(|item| remove_one(item, rest));
        return;
    }
    let Some(inner) = holder.get_mut(first) else { return };
    let is_empty = |value: &Value| value.as_object().is_some_and(serde_json::Map::is_empty);
    let was_empty = is_empty(inner);
    remove_one(inner, rest);
    if !was_empty
        && is_empty(inner)
        && let Value::Object(fields) = holder
    {
        fields.shift_remove(first);
    }
}

/// The type of an item. One that has a role and no type is a message.
fn kind_of(item: &Value) -> &str {
    match item.get("type") {
        Some(kind) => kind.as_str().unwrap_or_default(),
        None if item.get("role").is_some() => "message",
        None => "",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::{ANTHROPIC, OPENAI, remove};
    use crate::provider::{Disallowed, anthropic, openai};
    use serde_json::{Value, json};

    fn of_anthropic() -> Value {
        json!({"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]})
    }

    fn of_openai() -> Value {
        json!({"model": "m", "store": false, "input": [
            {"type": "message", "role": "user", "content": [{"type": "output_text", "text": "x"}]},
            {"type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "x"},
            {"type": "reasoning", "summary": [], "encrypted_content": "e"}]})
    }

    /// The request with a field at a path as [`ANTHROPIC`] has them.
    fn with(mut request: Value, path: &str) -> Value {
        fn put(holder: &mut Value, path: &str) {
            match path.split_once('.') {
                None => holder[path] = json!({"any": ["thing"]}),
                Some((first, rest)) => match first.strip_suffix(']').and_then(|first| first.split_once('[')) {
                    Some((name, kind)) => {
                        let items = holder[name].as_array_mut().unwrap();
                        put(items.iter_mut().find(|item| item["type"] == kind).unwrap(), rest);
                    }
                    None => put(&mut holder[first], rest),
                },
            }
        }
        put(&mut request, path);
        request
    }

    #[test]
    fn what_is_on_the_list_is_read_and_never_written_and_what_is_beside_it_is_refused() {
        let anthropic = |request: &Value| {
            anthropic::Request::parse(request.to_string().as_bytes())
                .map(|request| serde_json::to_value(request).unwrap())
        };
        let openai = |request: &Value| {
            openai::Request::parse(request.to_string().as_bytes()).map(|request| serde_json::to_value(request).unwrap())
        };
        for path in ANTHROPIC {
            assert_eq!(anthropic(&with(of_anthropic(), path)).unwrap(), of_anthropic(), "{path}");
            let beside = with(with(of_anthropic(), path), &format!("{path}x"));
            assert_eq!(anthropic(&beside).expect_err(path).what, Disallowed::Field, "{path}");
        }
        let sorted = |mut request: Value| {
            request.sort_all_objects();
            request
        };
        for path in OPENAI {
            assert_eq!(sorted(openai(&with(of_openai(), path)).unwrap()), sorted(of_openai()), "{path}");
            let beside = with(with(of_openai(), path), &format!("{path}x"));
            assert_eq!(openai(&beside).expect_err(path).what, Disallowed::Field, "{path}");
        }
    }

    #[test]
    fn nothing_else_is_touched() {
        let mut request =
            json!({"metadata": {}, "user_id": 1, "input": [{"type": "other", "id": 1}, 7, "x", {"id": 2}]});
        let before = request.clone();
        remove(&mut request, ANTHROPIC);
        remove(&mut request, OPENAI);
        assert_eq!(request, before);
        let mut request = json!({"metadata": {"user_id": 1, "x": 2}, "input": [{"role": "user", "id": 1}, {"type": "reasoning", "content": 1}]});
        remove(&mut request, ANTHROPIC);
        remove(&mut request, OPENAI);
        assert_eq!(request, json!({"metadata": {"x": 2}, "input": [{"role": "user"}, {"type": "reasoning"}]}));
    }
}
