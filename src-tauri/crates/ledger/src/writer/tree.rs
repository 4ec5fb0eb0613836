//! The context tree: one node per message position. A request is placed by looking for its deepest known node from the end, so
//! that a turn costs what is new in it, not what it repeats.

use super::{
    pen::{Pen, Written},
    store::Lane,
};
use bytes::Bytes;
use domain::{Hash, RequestImage};
use rusqlite::{OptionalExtension, params};
use std::collections::HashMap;

/// Where a request stands in the tree.
#[derive(Debug, Clone, Copy, Default)]
pub struct Placed {
    pub node: Option<i64>,
    /// Nodes that were not known before.
    pub appended: i64,
    /// A body was neither known nor supplied.
    pub incomplete: bool,
}

impl Pen<'_> {
    pub fn place(&mut self, session: i64, image: &RequestImage) -> Written<Placed> {
        let bodies: HashMap<u32, (Hash, &Bytes)> =
            image.appended.iter().map(|(index, hash, body)| (*index, (*hash, body))).collect();
        let first = image.appended.iter().map(|(index, ..)| *index as usize).min().unwrap_or(image.nodes.len());
        let (depth, mut node) = self.deepest(&image.nodes, first)?;
        let mut placed = Placed { node, appended: (image.nodes.len() - depth) as i64, incomplete: false };
        if self.memory.holes {
            self.heal(session, &image.nodes[..depth], &bodies)?;
        }
        for (index, hash) in image.nodes.iter().enumerate().skip(depth) {
            let message = match bodies.get(&(index as u32)) {
                Some((identity, body)) => Some(self.known_as(session, Lane::by_start(body), *identity, body)?),
                None => {
                    placed.incomplete = true;
                    self.memory.holes = true;
                    None
                }
            };
            node = Some(self.grow(*hash, node, message)?);
        }
        placed.node = node;
        if let Some(node) = node {
            self.pin_path(node)?;
        }
        Ok(placed)
    }

    /// How many nodes from the root are known, and the last of them.
    fn deepest(&mut self, nodes: &[Hash], first: usize) -> Written<(usize, Option<i64>)> {
        for index in (first.saturating_sub(1)..nodes.len()).rev() {
            if let Some(node) = self.node(nodes[index])? {
                return Ok((index + 1, Some(node)));
            }
        }
        // Bodies are missing below what was supplied: a node is only ever known together with those before it.
        let (mut known, mut unknown) = (0, first.saturating_sub(1).min(nodes.len()));
        let mut deepest = None;
        while known < unknown {
            let middle = (known + unknown) / 2;
            match self.node(nodes[middle])? {
                Some(node) => {
                    deepest = Some(node);
                    known = middle + 1;
                }
                None => unknown = middle,
            }
        }
        Ok((known, deepest))
    }

    fn node(&mut self, hash: Hash) -> Written<Option<i64>> {
        if let Some(node) = self.memory.nodes.get(&hash) {
            return Ok(Some(*node));
        }
        let node = self
            .db
            .prepare_cached("SELECT node FROM context_hash WHERE hash = ?1")?
            .query_row([&hash.0[..]], |row| row.get(0))
            .optional()?;
        if let Some(node) = node {
            self.memory.nodes.put(hash, node);
        }
        Ok(node)
    }

    fn grow(&mut self, hash: Hash, parent: Option<i64>, message: Option<i64>) -> Written<i64> {
        let node = self.memory.next.node;
        self.memory.next.node += 1;
        self.db
            .prepare_cached("INSERT INTO context(node, parent, message) VALUES (?1, ?2, ?3)")?
            .execute(params![node, parent, message])?;
        self.db
            .prepare_cached("INSERT INTO context_hash(hash, node) VALUES (?1, ?2)")?
            .execute(params![&hash.0[..], node])?;
        self.memory.nodes.put(hash, node);
        Ok(node)
    }

    /// Bodies that were missing and now came.
    fn heal(&mut self, session: i64, known: &[Hash], bodies: &HashMap<u32, (Hash, &Bytes)>) -> Written {
        for (index, (identity, body)) in bodies {
            let Some(hash) = known.get(*index as usize) else { continue };
            let Some(node) = self.node(*hash)? else { continue };
            let hole: bool = self
                .db
                .prepare_cached("SELECT message IS NULL FROM context WHERE node = ?1")?
                .query_row([node], |row| row.get(0))?;
            if hole {
                let message = self.known_as(session, Lane::by_start(body), *identity, body)?;
                self.db
                    .prepare_cached("UPDATE context SET message = ?2 WHERE node = ?1")?
                    .execute(params![node, message])?;
            }
        }
        Ok(())
    }

    /// While retention looks for what nobody needs: this path is needed.
    fn pin_path(&mut self, leaf: i64) -> Written {
        let Some(pinned) = &mut self.memory.pinned else { return Ok(()) };
        let mut node = Some(leaf);
        while let Some(n) = node {
            if !pinned.nodes.insert(n) {
                break;
            }
            let (parent, message): (Option<i64>, Option<i64>) = self
                .db
                .prepare_cached("SELECT parent, message FROM context WHERE node = ?1")?
                .query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
            pinned.blobs.extend(message);
            node = parent;
        }
        Ok(())
    }
}
