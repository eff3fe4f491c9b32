-- The demo's data: a small shop, a few hundred rows, the same every time (CRC32 stands in for chance).
-- Runs on MySQL 5.6 to 9.7 and MariaDB. Statements that keep it alive: demo-writer.
CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4;
USE shop;
CREATE TABLE customers (
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name       VARCHAR(80)  NOT NULL,
  email      VARCHAR(120) NOT NULL,
  country    CHAR(2)      NOT NULL,
  newsletter BOOLEAN      NOT NULL DEFAULT FALSE,
  born       DATE,
  created_at TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP,
  UNIQUE KEY (email)
);
CREATE TABLE products (
  sku    VARCHAR(12)   NOT NULL PRIMARY KEY,
  name   VARCHAR(80)   NOT NULL,
  kind   ENUM('tea','coffee','pot','cup','book') NOT NULL,
  price  DECIMAL(8,2)  NOT NULL,
  stock  INT           NOT NULL DEFAULT 0,
  tags   SET('organic','fair trade','gift','sale') NOT NULL DEFAULT '',
  weight FLOAT         COMMENT 'kg'
);
CREATE TABLE orders (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id INT UNSIGNED NOT NULL,
  status      ENUM('new','paid','packed','shipped','returned') NOT NULL DEFAULT 'new',
  total       DECIMAL(10,2) NOT NULL DEFAULT 0,
  note        TEXT,
  ordered_at  DATETIME(3)  NOT NULL,
  shipped_at  DATETIME(3)  NULL,
  KEY (customer_id)
);
CREATE TABLE order_items (
  order_id BIGINT UNSIGNED NOT NULL,
  line     TINYINT UNSIGNED NOT NULL,
  sku      VARCHAR(12)   NOT NULL,
  quantity SMALLINT UNSIGNED NOT NULL DEFAULT 1,
  price    DECIMAL(8,2)  NOT NULL,
  PRIMARY KEY (order_id, line)
);
CREATE TABLE reviews (
  id          INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sku         VARCHAR(12) NOT NULL,
  customer_id INT UNSIGNED NOT NULL,
  stars       TINYINT NOT NULL,
  body        TEXT,
  written_at  TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
);
INSERT INTO products (sku, name, kind, price, stock, tags, weight) VALUES
  ('TEA-001', 'Assam Mangalam, 100 g', 'tea', 8.90, 120, 'organic', 0.1), ('TEA-002', 'Sejak green tea, 50 g', 'tea', 19.50, 40, 'organic,gift', 0.05),
  ('TEA-003', 'Gyokuro Okabe, 50 g', 'tea', 24.00, 25, 'gift', 0.05), ('TEA-004', 'Earl Grey, 250 g', 'tea', 12.40, 200, 'fair trade', 0.25),
  ('TEA-005', 'Rooibos vanilla, 250 g', 'tea', 9.80, 90, 'organic,fair trade', 0.25), ('TEA-006', 'Lapsang Souchong, 100 g', 'tea', 11.20, 35, '', 0.1),
  ('COF-001', 'Yirgacheffe, whole bean, 500 g', 'coffee', 17.90, 80, 'organic,fair trade', 0.5), ('COF-002', 'Espresso Napoli, 1 kg', 'coffee', 21.50, 150, '', 1),
  ('COF-003', 'Decaf Huila, 250 g', 'coffee', 11.90, 60, 'fair trade', 0.25), ('COF-004', 'Kona Extra Fancy, 250 g', 'coffee', 59.00, 8, 'gift', 0.25),
  ('POT-001', 'Cast iron teapot, 0.8 l', 'pot', 74.00, 12, 'gift', 1.9), ('POT-002', 'Glass teapot, 1.2 l', 'pot', 32.00, 30, '', 0.7),
  ('POT-003', 'Moka pot, six cups', 'pot', 29.90, 45, 'sale', 0.6), ('POT-004', 'Gooseneck kettle', 'pot', 64.50, 18, '', 1.1),
  ('CUP-001', 'Celadon cup, crane', 'cup', 38.00, 22, 'gift', 0.3), ('CUP-002', 'Espresso cups, set of 4', 'cup', 26.00, 40, 'gift,sale', 0.8),
  ('CUP-003', 'Travel mug, 350 ml', 'cup', 22.90, 75, '', 0.35), ('BOK-001', 'The Book of Tea', 'book', 9.99, 50, '', 0.2),
  ('BOK-002', 'World Atlas of Coffee', 'book', 34.95, 20, 'gift', 1.2), ('BOK-003', '차 만드는 사람들', 'book', 18.00, 15, '', 0.4);
CREATE TEMPORARY TABLE digits (d INT NOT NULL PRIMARY KEY);
CREATE TEMPORARY TABLE tens (d INT NOT NULL PRIMARY KEY);
CREATE TEMPORARY TABLE numbers (n INT NOT NULL PRIMARY KEY);
CREATE TEMPORARY TABLE line_numbers (line INT NOT NULL PRIMARY KEY);
INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
INSERT INTO tens SELECT d FROM digits;
INSERT INTO numbers SELECT t.d * 10 + u.d FROM digits u, tens t;
INSERT INTO line_numbers VALUES (1), (2), (3);
INSERT INTO customers (id, name, email, country, newsletter, born, created_at)
  SELECT n + 1,
    CONCAT(ELT(1 + CRC32(CONCAT('f', n)) % 12, 'Ada', 'Björn', 'Chloé', 'Dmitri', 'Eun-ji', 'Fatima', 'Giulia', 'Haruto', 'Inês', 'Jonas', 'Kwame', 'Łucja'), ' ',
           ELT(1 + CRC32(CONCAT('l', n)) % 12, 'Andersen', 'Kim', 'García', 'Novák', 'Okafor', 'Rossi', 'Schmidt', 'Tanaka', 'O''Brien', 'Müller', 'Silva', 'Dubois')),
    CONCAT('customer', n + 1, '@example.com'), ELT(1 + CRC32(CONCAT('c', n)) % 8, 'DE', 'KR', 'FR', 'JP', 'PT', 'PL', 'GH', 'IE'),
    CRC32(CONCAT('n', n)) % 3 = 0, IF(n % 7 = 0, NULL, DATE_ADD('1950-01-01', INTERVAL CRC32(CONCAT('b', n)) % 20000 DAY)),
    DATE_ADD('2026-01-01 08:00:00', INTERVAL n * 37 HOUR)
  FROM numbers WHERE n < 60 ORDER BY n;
INSERT INTO orders (id, customer_id, status, note, ordered_at, shipped_at)
  SELECT n + 1, 1 + CRC32(CONCAT('oc', n)) % 60, ELT(1 + CRC32(CONCAT('os', n)) % 5, 'new', 'paid', 'packed', 'shipped', 'returned'),
    IF(n % 9 = 0, 'Please leave it with the neighbours 🙏', NULL), DATE_ADD('2026-06-01 09:00:00.250', INTERVAL n * 5 HOUR),
    IF(CRC32(CONCAT('os', n)) % 5 >= 3, DATE_ADD('2026-06-02 17:30:00', INTERVAL n * 5 HOUR), NULL)
  FROM numbers ORDER BY n;
INSERT INTO order_items (order_id, line, sku, quantity, price)
  SELECT o.id, l.line, p.sku, 1 + CRC32(CONCAT('q', o.id, l.line)) % 3, p.price
  FROM orders o JOIN line_numbers l ON l.line <= 1 + CRC32(CONCAT('k', o.id)) % 3
  JOIN products p ON p.sku = ELT(1 + CRC32(CONCAT('s', o.id, '-', l.line)) % 10, 'TEA-001', 'TEA-002', 'TEA-004', 'COF-001', 'COF-002', 'POT-002', 'POT-003', 'CUP-002', 'CUP-003', 'BOK-001');
UPDATE orders o SET total = (SELECT SUM(quantity * price) FROM order_items i WHERE i.order_id = o.id);
INSERT INTO reviews (sku, customer_id, stars, body, written_at)
  SELECT p.sku, 1 + CRC32(p.sku) % 60, 3 + CRC32(p.name) % 3, ELT(1 + CRC32(p.name) % 3, 'Does what it should.', 'Lovely — bought it twice.', 'Arrived quickly.\nWould order again.'),
    DATE_ADD('2026-07-01 10:00:00.123456', INTERVAL CRC32(p.sku) % 500 HOUR)
  FROM products p ORDER BY p.sku;
DROP TEMPORARY TABLE digits, tens, numbers, line_numbers;
