select
    enrollment.district_id,
    count(*) as row_count
from {{ in_scope(ref('fct_enrollment')) }} as enrollment
inner join {{ ref('dim_district') }} as district
    on enrollment.district_id = district.district_id
where enrollment.begin_date > district.as_of_date or enrollment.end_date <= district.as_of_date
group by enrollment.district_id
