-- Line items that count, of classes that count. Each has a span of points: rows without one are set aside.
select
    {{ row_key() }} as line_item_key,
    class.class_key,
    class.school_key,
    class.course_key,
    item.district_id,
    item.line_item_id,
    item.line_item_title,
    item.due_date,
    item.lowest_score,
    item.highest_score
from {{ ref('stg_line_item') }} as item
inner join {{ ref('int_class') }} as class
    on item.district_id = class.district_id and item.class_id = class.class_id
where
    item.line_item_id is not null and {{ row_counts('item.status') }}
    and {{ not_set_aside('line_items', 'item', 'line_item_id', left_out='int_set_aside_gradebook') }}
