USE c_choices;
SET SESSION sql_mode = '';
INSERT INTO c SELECT id + 10, e, s, en FROM c;
INSERT INTO c VALUES (30,'wrong','wrong','wrong');
