select distinct
    enrollment.student_key,
    class.course_key
from {{ ref('int_enrollment') }} as enrollment
inner join {{ ref('int_class') }} as class
    on enrollment.class_key = class.class_key
where class.course_key is not null
