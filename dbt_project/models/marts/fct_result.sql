select
    class.district_id,
    student.student_id,
    item.line_item_id,
    class.school_id,
    class.course_id,
    class.class_id,
    item.line_item_title,
    item.due_date,
    result.score,
    result.score_pct,
    result.score_date
from {{ ref('int_result') }} as result
inner join {{ ref('int_line_item') }} as item
    on result.line_item_key = item.line_item_key
inner join {{ ref('int_class') }} as class
    on item.class_key = class.class_key
inner join {{ ref('int_student') }} as student
    on result.student_key = student.student_key
