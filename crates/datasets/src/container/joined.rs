//! Data sets whose rows are spread over several lists: questions with annotations, images with captions, videos with
//! their questions.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Rows;
use super::elements::Elements;
use crate::home::Home;
use crate::place::{Place, Position};
use crate::raw_row::{RawRow, shown};
use crate::row_error::{RowError, RowProblem};
use crate::source_error::SourceError;

/// VQA: every annotation with its question, in order of the question ids.
pub(crate) struct Questions {
    questions: Elements,
    annotations: Elements,
    /// Question id, and the places of question and annotation in their lists.
    pairs: Vec<(i64, u64, u64)>,
    end: Place,
}

impl Questions {
    /// Pairs all questions with all annotations; one without the other, or an id that comes twice, is an error.
    pub(crate) fn join(questions: Elements, annotations: Elements, file: &Path) -> Result<Self, SourceError> {
        let by_id = |list: &Elements| -> Result<HashMap<i64, u64>, SourceError> {
            let mut places = HashMap::new();
            for index in 0..list.len()? {
                let row = list.row(index)?;
                let id = row.fields.get("question_id").and_then(Value::as_i64);
                let id =
                    id.ok_or_else(|| disagree(file, format!("{}: no whole number question_id", row.place)))?;
                if places.insert(id, index).is_some() {
                    return Err(disagree(
                        file,
                        format!("question_id {id} twice, the second time in {}", row.place),
                    ));
                }
            }
            Ok(places)
        };
        let (asked, mut annotated) = (by_id(&questions)?, by_id(&annotations)?);
        let mut pairs = Vec::with_capacity(asked.len());
        for (id, question) in asked {
            let annotation = annotated.remove(&id);
            let annotation =
                annotation.ok_or_else(|| disagree(file, format!("question {id} without annotation")))?;
            pairs.push((id, question, annotation));
        }
        if let Some(id) = annotated.keys().min() {
            return Err(disagree(file, format!("annotation {id} without question")));
        }
        pairs.sort_unstable();
        let end = Place { file: file.into(), position: Position::Element(pairs.len() as u64) };
        Ok(Self { questions, annotations, pairs, end })
    }
}

fn disagree(file: &Path, found: String) -> SourceError {
    let expected = "one annotation for every question, matched by question_id".to_owned();
    SourceError::Container { path: file.to_owned(), found, expected }
}

fn past_end(place: &Place, index: u64, rows: usize) -> RowError {
    let problem = RowProblem::PastEnd { index, rows: rows as u64 };
    RowError { place: place.clone(), field: ".".to_owned(), problem }
}

fn at<T>(rows: &[T], index: u64) -> Option<&T> {
    usize::try_from(index).ok().and_then(|index| rows.get(index))
}

impl Rows for Questions {
    fn len(&self) -> Result<u64, SourceError> {
        Ok(self.pairs.len() as u64)
    }

    fn row(&self, index: u64) -> Result<RawRow, RowError> {
        let pair = at(&self.pairs, index).ok_or_else(|| past_end(&self.end, index, self.pairs.len()))?;
        let mut row = self.annotations.row(pair.2)?;
        for (field, value) in self.questions.row(pair.1)?.fields {
            row.fields.entry(field).or_insert(value);
        }
        Ok(row)
    }

    fn kind(&self) -> &'static str {
        "questions and annotations"
    }
}

/// Rows that were put together in memory.
pub(crate) struct Gathered {
    file: Arc<Path>,
    rows: Vec<Map<String, Value>>,
    home: Home,
    kind: &'static str,
}

impl Gathered {
    /// COCO: every image that has captions, with all of them, in the order of the list of images.
    pub(crate) fn captions(
        images: &Elements,
        annotations: &Elements,
        file: &Path,
        home: Home,
    ) -> Result<Self, SourceError> {
        let mut captions: HashMap<i64, Vec<Value>> = HashMap::new();
        for index in 0..annotations.len()? {
            let mut row = annotations.row(index)?;
            let image = row.take("image_id").and_then(|id| id.as_i64());
            match (image, row.take("caption")) {
                (Some(image), Some(caption)) => captions.entry(image).or_default().push(caption),
                _ => return Err(uncaptioned(file, format!("{}: no image_id or no caption", row.place))),
            }
        }
        let mut rows = Vec::new();
        for index in 0..images.len()? {
            let mut row = images.row(index)?;
            let (id, name) = (row.take("id"), row.take("file_name"));
            let (Some(id), Some(name)) = (id, name) else {
                return Err(uncaptioned(file, format!("{}: no id or no file_name", row.place)));
            };
            let Some(texts) = id.as_i64().and_then(|id| captions.remove(&id)) else { continue };
            let fields = [("image_id", id), ("image", name), ("captions", Value::Array(texts))];
            rows.push(fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect());
        }
        if let Some(id) = captions.keys().min() {
            return Err(uncaptioned(
                file,
                format!("captions of the image {id}, which the list of images lacks"),
            ));
        }
        Ok(Self { file: file.into(), rows, home, kind: "images and annotations" })
    }

    /// Every question of a list of videos, with the other fields of its video.
    pub(crate) fn questions_of_videos(
        videos: &Elements,
        file: &Path,
        home: Home,
    ) -> Result<Self, SourceError> {
        let mut rows = Vec::new();
        for index in 0..videos.len()? {
            let mut video = videos.row(index)?;
            let questions = match video.take("questions") {
                Some(Value::Array(questions)) => questions,
                other => {
                    let found = format!("{}: questions: {}", video.place, shown(&other.unwrap_or_default()));
                    let expected = "a list of questions for every video".to_owned();
                    return Err(SourceError::Container { path: file.to_owned(), found, expected });
                }
            };
            for question in questions {
                let mut fields = video.fields.clone();
                fields.extend(question.as_object().cloned().unwrap_or_default());
                rows.push(fields);
            }
        }
        Ok(Self { file: file.into(), rows, home, kind: "videos with questions" })
    }

    fn place(&self, index: u64) -> Place {
        Place { file: Arc::clone(&self.file), position: Position::Element(index) }
    }
}

fn uncaptioned(file: &Path, found: String) -> SourceError {
    let expected = "images with id and file_name, and annotations with image_id and caption".to_owned();
    SourceError::Container { path: file.to_owned(), found, expected }
}

impl Rows for Gathered {
    fn len(&self) -> Result<u64, SourceError> {
        Ok(self.rows.len() as u64)
    }

    fn row(&self, index: u64) -> Result<RawRow, RowError> {
        let place = self.place(index);
        let fields =
            at(&self.rows, index).cloned().ok_or_else(|| past_end(&place, index, self.rows.len()))?;
        Ok(RawRow { place, fields, pictures: Vec::new(), home: self.home.clone() })
    }

    fn kind(&self) -> &'static str {
        self.kind
    }
}
