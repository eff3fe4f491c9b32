USE c_documents;
INSERT INTO d SELECT id + 10, j, n FROM d;
UPDATE d SET j = JSON_SET(j, '$.new', JSON_OBJECT('k', 1.5)) WHERE id = 1;
