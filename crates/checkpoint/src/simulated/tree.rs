//! Files and folders as a disk with a cache in front of it has them: what programs see, and what would survive.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path};

use super::Unsynced;

type Id = usize;

enum Node {
    File(FileNode),
    Folder(FolderNode),
}

/// Contents only ever grow at the end.
#[derive(Default)]
struct FileNode {
    seen: Vec<u8>,
    synced_len: usize,
}

#[derive(Default)]
struct FolderNode {
    seen: BTreeMap<String, Id>,
    synced: BTreeMap<String, Id>,
    unsynced: Vec<Change>,
}

/// One change of the names in a folder.
enum Change {
    Put(String, Id),
    Drop(String),
    Rename(String, String, Id),
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<String, Id>) {
        match self {
            Self::Put(name, id) => {
                names.insert(name.clone(), *id);
            }
            Self::Drop(name) => {
                names.remove(name);
            }
            Self::Rename(from, to, id) => {
                names.remove(from);
                names.insert(to.clone(), *id);
            }
        }
    }
}

impl FolderNode {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.unsynced.push(change);
    }

    fn sync(&mut self) {
        self.synced = self.seen.clone();
        self.unsynced.clear();
    }
}

pub(super) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::Folder(FolderNode::default())] }
    }

    pub(super) fn find(&self, path: &Path) -> Option<Id> {
        let mut id = 0;
        for part in path.components() {
            if let Component::Normal(name) = part {
                id = *self.folder(id).ok()?.seen.get(name.to_str()?)?;
            }
        }
        Some(id)
    }

    pub(super) fn contents(&self, id: Id) -> Option<&Vec<u8>> {
        match &self.nodes[id] {
            Node::File(file) => Some(&file.seen),
            Node::Folder(_) => None,
        }
    }

    pub(super) fn names(&self, path: &Path) -> io::Result<Vec<String>> {
        Ok(self.folder(self.existing(path)?)?.seen.keys().cloned().collect())
    }

    pub(super) fn create_folder(&mut self, path: &Path) -> io::Result<Id> {
        self.create(path, Node::Folder(FolderNode::default()))
    }

    pub(super) fn create_file(&mut self, path: &Path) -> io::Result<Id> {
        self.create(path, Node::File(FileNode::default()))
    }

    fn create(&mut self, path: &Path, node: Node) -> io::Result<Id> {
        if self.find(path).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let (above, name) = self.place(path)?;
        let id = self.nodes.len();
        self.nodes.push(node);
        self.folder_mut(above)?.change(Change::Put(name, id));
        Ok(id)
    }

    pub(super) fn append(&mut self, id: Id, bytes: &[u8]) {
        if let Node::File(file) = &mut self.nodes[id] {
            file.seen.extend_from_slice(bytes);
        }
    }

    pub(super) fn sync_file(&mut self, id: Id) {
        if let Node::File(file) = &mut self.nodes[id] {
            file.synced_len = file.seen.len();
        }
    }

    pub(super) fn sync_folder(&mut self, path: &Path) -> io::Result<()> {
        let id = self.existing(path)?;
        self.folder_mut(id)?.sync();
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let id = self.existing(from)?;
        let (above, old) = self.place(from)?;
        let (target, new) = self.place(to)?;
        if above != target {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "the simulation renames within a folder"));
        }
        if self.find(to).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.folder_mut(above)?.change(Change::Rename(old, new, id));
        Ok(())
    }

    /// Removes one name: of a file, or of a folder that is empty.
    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        let id = self.existing(path)?;
        if self.folder(id).is_ok_and(|folder| !folder.seen.is_empty()) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        let (above, name) = self.place(path)?;
        self.folder_mut(above)?.change(Change::Drop(name));
        Ok(())
    }

    /// Replaces the contents of a file, as a disk does that loses bits.
    pub(super) fn corrupt(&mut self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let id = self.existing(path)?;
        match &mut self.nodes[id] {
            Node::File(file) => {
                change(&mut file.seen);
                file.synced_len = file.seen.len();
                Ok(())
            }
            Node::Folder(_) => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    /// Cuts the power and restores it.
    pub(super) fn cut(&mut self, unsynced: Unsynced) {
        let mut dice = Dice(match unsynced {
            Unsynced::Torn(seed) => seed,
            Unsynced::Lost | Unsynced::Kept => 0,
        });
        for node in &mut self.nodes {
            match node {
                Node::File(file) => cut_file(file, unsynced, &mut dice),
                Node::Folder(folder) => cut_folder(folder, unsynced, &mut dice),
            }
        }
    }

    fn existing(&self, path: &Path) -> io::Result<Id> {
        self.find(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The folder above a path, and the last part of its name.
    fn place(&self, path: &Path) -> io::Result<(Id, String)> {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidInput)?;
        Ok((self.existing(path.parent().unwrap_or(Path::new("")))?, name.to_owned()))
    }

    fn folder(&self, id: Id) -> io::Result<&FolderNode> {
        match &self.nodes[id] {
            Node::Folder(folder) => Ok(folder),
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn folder_mut(&mut self, id: Id) -> io::Result<&mut FolderNode> {
        match &mut self.nodes[id] {
            Node::Folder(folder) => Ok(folder),
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }
}

/// A torn file keeps a part of what was not synced, followed by nothing or, as file systems with delayed allocation
/// do it, by zeros up to its length.
fn cut_file(file: &mut FileNode, unsynced: Unsynced, dice: &mut Dice) {
    let full = file.seen.len();
    match unsynced {
        Unsynced::Kept => {}
        Unsynced::Lost => file.seen.truncate(file.synced_len),
        Unsynced::Torn(_) => {
            let kept = file.synced_len + dice.below(full - file.synced_len + 1);
            file.seen.truncate(kept);
            if dice.below(2) == 0 {
                file.seen.resize(full, 0);
            }
        }
    }
    file.synced_len = file.seen.len();
}

/// Of a torn folder's changes any may have reached the disk, in any combination.
fn cut_folder(folder: &mut FolderNode, unsynced: Unsynced, dice: &mut Dice) {
    let mut names = std::mem::take(&mut folder.synced);
    for change in folder.unsynced.drain(..) {
        let survives = match unsynced {
            Unsynced::Lost => false,
            Unsynced::Kept => true,
            Unsynced::Torn(_) => dice.below(2) == 0,
        };
        if survives {
            change.apply(&mut names);
        }
    }
    folder.seen = names.clone();
    folder.synced = names;
}

/// SplitMix64: the same seed tears in the same places.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}
