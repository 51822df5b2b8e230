//! Cells of arrow arrays as JSON values.

use polars_arrow::array::{
    Array, BinaryViewArray, BooleanArray, FixedSizeListArray, ListArray, PrimitiveArray, StructArray,
    Utf8ViewArray,
};
use polars_arrow::types::NativeType;
use serde_json::{Map, Value};

/// Cell `row` of an array. What JSON cannot hold (NaN, infinities, bytes that are no text) is `null`.
pub(super) fn to_json(array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    scalar(array, row).or_else(|| nested(array, row)).unwrap_or(Value::Null)
}

fn scalar(array: &dyn Array, row: usize) -> Option<Value> {
    let any = array.as_any();
    if let Some(texts) = any.downcast_ref::<Utf8ViewArray>() {
        return Some(Value::String(texts.value(row).to_owned()));
    }
    if let Some(bytes) = any.downcast_ref::<BinaryViewArray>() {
        return std::str::from_utf8(bytes.value(row)).ok().map(|text| Value::String(text.to_owned()));
    }
    if let Some(flags) = any.downcast_ref::<BooleanArray>() {
        return Some(Value::Bool(flags.value(row)));
    }
    let whole = number::<i64>(array, row)
        .or_else(|| number::<i32>(array, row).map(i64::from))
        .or_else(|| number::<i16>(array, row).map(i64::from))
        .or_else(|| number::<i8>(array, row).map(i64::from))
        .or_else(|| number::<u32>(array, row).map(i64::from))
        .or_else(|| number::<u16>(array, row).map(i64::from))
        .or_else(|| number::<u8>(array, row).map(i64::from));
    whole
        .map(Value::from)
        .or_else(|| number::<u64>(array, row).map(Value::from))
        .or_else(|| number::<f64>(array, row).map(Value::from))
        .or_else(|| number::<f32>(array, row).map(|number| Value::from(f64::from(number))))
}

fn number<T: NativeType>(array: &dyn Array, row: usize) -> Option<T> {
    array.as_any().downcast_ref::<PrimitiveArray<T>>().map(|numbers| numbers.value(row))
}

fn nested(array: &dyn Array, row: usize) -> Option<Value> {
    let any = array.as_any();
    if let Some(cells) = any.downcast_ref::<StructArray>() {
        let fields = cells.fields().iter().zip(cells.values());
        let fields: Map<String, Value> =
            fields.map(|(field, values)| (field.name.to_string(), to_json(&**values, row))).collect();
        return Some(Value::Object(fields));
    }
    let items = any
        .downcast_ref::<ListArray<i64>>()
        .map(|list| list.value(row))
        .or_else(|| any.downcast_ref::<ListArray<i32>>().map(|list| list.value(row)))
        .or_else(|| any.downcast_ref::<FixedSizeListArray>().map(|list| list.value(row)))?;
    Some(Value::Array((0..items.len()).map(|item| to_json(&*items, item)).collect()))
}
