-- Marks the districts and months in which the rules hid nothing more after the audit: it proved what it hid itself.
update cell
set is_proved = not exists (
    from hidden_cell
    inner join cell as further using (key)
    where
        hidden_cell.round > 0
        and further.district_id = cell.district_id
        and further.month is not distinct from cell.month
);
