-- What each source says of each student, for subgroups that are read from the roster, alone or besides a subgroup file.
-- A metadata column may be in users.csv or demographics.csv; a text in users.csv goes before one in demographics.csv.
with cells as (
    select
        student.student_key,
        place.subgroup_key,
        place.source,
        place.precedence,
        file_row.student_key is not null as is_in_file,
        case place.source
            when 'roster_metadata'
                then
                    coalesce({{ map_has('student.user_metadata', 'place.cell_key') }}, false)
                    or coalesce({{ map_has('student.demographic_metadata', 'place.cell_key') }}, false)
            when 'demographics' then student.has_demographics and place.is_in_header
            else coalesce({{ map_has('file_row.cells', 'place.cell_key') }}, false)
        end as has_cell,
        case place.source
            when 'roster_metadata'
                then
                    coalesce(
                        {{ map_value('student.user_metadata', 'place.cell_key') }},
                        {{ map_value('student.demographic_metadata', 'place.cell_key') }}
                    )
            when 'demographics'
                then case place.cell_key
                    when 'race_ethnicity' then student.race_ethnicity
                    {{ demographic_columns("when '{file}' then student.{column}", ' ') }}
                end
            else {{ map_value('file_row.cells', 'place.cell_key') }}
        end as text
    from {{ ref('int_roster_student') }} as student
    inner join {{ ref('int_subgroup_place') }} as place
        on student.district_id = place.district_id
    left join {{ ref('int_subgroup_row') }} as file_row
        on student.student_key = file_row.student_key and place.source = 'file'
)

select
    student_key,
    subgroup_key,
    source,
    precedence,
    is_in_file,
    has_cell,
    case when has_cell then text end as cell
from cells
