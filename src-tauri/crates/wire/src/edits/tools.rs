//! Tools taken out of what a model is offered.

use super::edited;
use crate::Request;
use crate::json::{self, Span};
use crate::patch::Patch;
use bytes::Bytes;

/// Where a request says which tool to use.
const CHOICES: &[&str] = &["tool_choice", "function_call", "toolConfig", "tool_config"];

/// Takes tools out of what the model is offered, by name. Without any left the list and the choice among them go too.
pub fn withhold_tools(request: &Request, names: &[String]) -> Bytes {
    withhold(&request.body, names)
}

pub(super) fn withhold(body: &Bytes, names: &[String]) -> Bytes {
    edited(body, |patch| {
        // A provider refuses the choice of a tool that it was not told of.
        let chosen = choices(patch).any(|choice| names.contains(&choice));
        let mut keys: Vec<&str> = if chosen { CHOICES.to_vec() } else { Vec::new() };
        for list in ["tools", "functions"] {
            let Some(array) = patch.find(&[list]) else { continue };
            let doc = patch.doc();
            let Some(tools) = json::elements(doc, array.clone()) else { continue };
            let gone: Vec<bool> = tools.iter().map(|tool| withheld(doc, tool, names)).collect();
            if !gone.is_empty() && gone.iter().all(|gone| *gone) {
                keys.extend([list, "parallel_tool_calls"]);
                keys.extend(CHOICES);
                continue;
            }
            patch.remove_elements(array, |place| gone[place]);
            for tool in tools.iter().zip(&gone).filter(|(_, gone)| !**gone).map(|(tool, _)| tool) {
                let declared = ["functionDeclarations", "function_declarations"]
                    .iter()
                    .find_map(|key| json::member(doc, tool.clone(), key));
                if let Some(declared) = declared {
                    let all = json::elements(doc, declared.clone()).unwrap_or_default();
                    let gone: Vec<bool> = all.iter().map(|one| withheld(doc, one, names)).collect();
                    patch.remove_elements(declared, |place| gone[place]);
                }
            }
        }
        if !keys.is_empty() {
            let root = patch.root();
            patch.remove(root, &keys);
        }
    })
}

/// Whether a tool has one of the names; of Gemini's lists of declarations, whether all have.
fn withheld(doc: &Bytes, tool: &Span, names: &[String]) -> bool {
    let declared =
        ["functionDeclarations", "function_declarations"].iter().find_map(|key| json::member(doc, tool.clone(), key));
    if let Some(all) = declared.and_then(|array| json::elements(doc, array)) {
        return !all.is_empty() && all.iter().all(|one| withheld(doc, one, names));
    }
    let paths: [&[&str]; 3] = [&["function", "name"], &["custom", "name"], &["name"]];
    let name = paths.iter().find_map(|path| json::find(doc, tool.clone(), path)).and_then(|span| json::text(doc, span));
    name.is_some_and(|name| names.iter().any(|known| *known == name))
}

/// The names of the tools that the request insists on.
fn choices<'p>(patch: &'p Patch<'_>) -> impl Iterator<Item = String> + 'p {
    const PATHS: [&[&str]; 4] = [
        &["tool_choice", "function", "name"],
        &["tool_choice", "name"],
        &["function_call", "name"],
        &["toolConfig", "functionCallingConfig", "allowedFunctionNames"],
    ];
    let doc = patch.doc();
    PATHS.iter().filter_map(|path| patch.find(path)).flat_map(move |found| {
        let list = json::elements(doc, found.clone()).unwrap_or_else(|| vec![found]);
        list.into_iter().filter_map(|name| json::text(doc, name).map(|name| name.into_owned())).collect::<Vec<_>>()
    })
}
