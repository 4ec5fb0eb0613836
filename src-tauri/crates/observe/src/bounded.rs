//! A map that forgets what was used longest ago once it holds too much. Memory of everything in this crate that outlives
//! one exchange is bounded by it. Weights are bytes, roughly; the caller says what an entry weighs.

use lru::LruCache;
use std::{borrow::Borrow, hash::Hash};

pub struct Bounded<K: Hash + Eq, V> {
    entries: LruCache<K, (V, usize)>,
    weight: usize,
    limit: usize,
}

impl<K: Hash + Eq, V> Bounded<K, V> {
    pub fn new(limit: usize) -> Self {
        Bounded { entries: LruCache::unbounded(), weight: 0, limit }
    }

    /// Puts an entry in, newest; drops the oldest ones beyond the limit.
    pub fn put(&mut self, key: K, value: V, weight: usize) {
        if let Some((_, old)) = self.entries.put(key, (value, weight)) {
            self.weight -= old;
        }
        self.weight += weight;
        while self.weight > self.limit && self.entries.len() > 1 {
            match self.entries.pop_lru() {
                Some((_, (_, old))) => self.weight -= old,
                None => break,
            }
        }
    }

    /// Reads an entry and makes it the newest.
    pub fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|(value, _)| value)
    }

    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.entries.get_mut(key).map(|(value, _)| value)
    }

    /// Reads an entry and leaves its age.
    pub fn peek<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.peek(key).map(|(value, _)| value)
    }

    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (value, weight) = self.entries.pop(key)?;
        self.weight -= weight;
        Some(value)
    }

    /// Newest first.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, (value, _))| (key, value))
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_used_longest_ago_goes_first() {
        let mut map = Bounded::new(30);
        for key in 0..3 {
            map.put(key, key, 10);
        }
        assert_eq!(map.get(&0), Some(&0));
        map.put(3, 3, 10);
        assert_eq!((map.peek(&0), map.peek(&1), map.len()), (Some(&0), None, 3));
    }

    #[test]
    fn replacing_and_removing_give_their_weight_back() {
        let mut map = Bounded::new(30);
        map.put(1, 'a', 20);
        map.put(1, 'b', 10);
        map.put(2, 'c', 20);
        assert_eq!(map.len(), 2);
        map.remove(&2);
        map.put(3, 'd', 20);
        assert_eq!((map.len(), map.peek(&1)), (2, Some(&'b')));
    }
}
