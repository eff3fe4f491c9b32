USE c_derived;
INSERT INTO g (id, a, hidden) VALUES (3,30,4);
UPDATE g SET a = a + 1;
