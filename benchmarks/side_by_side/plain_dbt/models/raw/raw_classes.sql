select
    {{ district_of_file() }},
    * exclude (filename)
from {{ source('files', 'classes') }}
