select
    district.district_id,
    district.district_name,
    district.as_of_date,
    year.school_year,
    count(student.student_id) as student_count
from {{ ref('district') }} as district
inner join {{ ref('int_school_year') }} as year on district.district_id = year.district_id
left join {{ ref('dim_student') }} as student on district.district_id = student.district_id and student.is_active
group by all
